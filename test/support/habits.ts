// What real endpoints were seen to do, by name: faults for the mock, in this process or over HTTP.
//
//   mock.setFaults(HABITS.packs)

import type { MockFault } from './mock-model-server.ts';

function refuses(status: number, message: string, rest: Partial<MockFault> = {}): readonly MockFault[] {
  return [{ kind: 'says', status, body: { error: { message } }, ...rest }];
}

function ends(finish_reason: string, text: string): readonly MockFault[] {
  return [{ kind: 'says', text, choice: { finish_reason } }];
}

function declines(message: string): readonly MockFault[] {
  return [{ kind: 'no-schema', message }];
}

export const HABITS = {
  /** Compresses whatever it is asked. */
  packs: [{ kind: 'says', packing: 'gzip' }],
  packsErrors: refuses(400, 'prompt is too long', { packing: 'gzip' }),
  /** Sends calls to another path of its own. */
  movesOn: [
    { kind: 'says', status: 308, path: '/v1/', headers: { location: '/v2/chat/completions' }, body: '' },
  ],
  movesAway: [{ kind: 'says', status: 308, headers: { location: 'https://elsewhere.invalid/v1' }, body: '' }],
  /** Sends comments while its model works. */
  keepsAlive: [{ kind: 'says', before: ': PROCESSING\n\n: PROCESSING\n\n' }],
  cutsInCapitals: ends('MAX_TOKENS', 'half a sen'),
  withholds: ends('SAFETY', ''),
  endsOddly: ends('odd', 'Hello'),
  refusesToAnswer: [
    {
      kind: 'says',
      choice: { message: { role: 'assistant', content: null, refusal: 'I cannot help with that.' } },
    },
  ],
  failsInItsChoice: [{ kind: 'says', text: '', choice: { error: { code: 502, message: 'Upstream died' } } }],
  failsWith200: [{ kind: 'says', body: { error: { code: 429, message: 'Slow down' } } }],
  flagsRow3: refuses(403, 'The input was flagged for "violence"', { holds: 'row-3-' }),
  knowsNoModel: refuses(400, 'some-model is not a valid model ID'),
  knowsNoPath: [{ kind: 'says', status: 404, body: { detail: 'Not Found' } }],
  hasNoQuota: [
    {
      kind: 'says',
      status: 429,
      body: { error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } },
    },
  ],
  wantsNoSchema: declines('model does not support feature: structured-outputs'),
  wantsNoJsonMode: declines('Json mode is not supported for this model.'),
  wantsOtherSchemas: declines("Invalid schema: 'required' is required to include every key in properties."),
  wantsFullTurns: [
    ...refuses(400, 'messages.1: all messages must have non-empty content', {
      holds: '"assistant","content":""',
    }),
    { kind: 'empty', calls: [1] },
  ],
  thinksAloud: [{ kind: 'says', text: '<think>\nShall it be {"level": 1}?\n</think>\n\n{"level": 3}' }],
  cites: [{ kind: 'says', text: 'As said in [1] and [below]: {"level": 3}' }],
  writesBackslashes: [{ kind: 'says', text: '{"formula": "\\alpha", "path": "C:\\Users\\Ada"}' }],
} as const satisfies { readonly [name: string]: readonly MockFault[] };
