// Records of a few words.

import { type CellRecord, RECORD_VERSION } from '../../../src/store/records.ts';
import type { ModelTurn } from '../../../src/turns.ts';

export function cellRecord(record: Partial<CellRecord> & { readonly row: number }): CellRecord {
  return {
    v: RECORD_VERSION,
    in: 'digest',
    read: 1,
    status: 'ok',
    turns: [],
    value: `value ${record.row}`,
    finish: 'stop',
    calls: [],
    error: null,
    host: 'localhost',
    at: 1_000 + record.row,
    ...record,
  };
}

export function call(id: string, status = 200): CellRecord['calls'][number] {
  return { id, promptTokens: 7, completionTokens: 3, status, ms: 12 };
}

export function answerTurn(text: string, more: Pick<ModelTurn, 'reasoning' | 'problem'> = {}): ModelTurn {
  return { by: 'model', text, ...more };
}
