import { findOwn } from '../../own-keys.ts';
import { isValueList, type Value, type ValueObject } from '../../values.ts';
import {
  argumentsText,
  filled,
  listOf,
  objectOf,
  RolloutError,
  requiredText,
  spanOf,
  textOf,
} from './fields.ts';
import type { RolloutFormat } from './format.ts';
import { message, toolCall } from './session.ts';

const ROLES: { readonly [source: string]: string } = { agent: 'assistant', system: 'system', user: 'user' };
const OF_AGENTS = ['reasoning_content', 'tool_calls', 'observation'];

export const atif: RolloutFormat = {
  home: null,
  pattern: '*.json',
  isSession: (relativePath) => relativePath.endsWith('.json'),
  read({ records }) {
    const [trajectory = {}] = records;
    const agent = objectOf(trajectory.agent);
    const steps = listOf(trajectory.steps).map((step, index) => stepOf(step, index + 1));
    if (agent === null || steps.length === 0) throw new RolloutError('has no agent, or no steps');
    const extra = objectOf(agent.extra) ?? {};
    const { first, last } = spanOf(steps.flatMap(({ timestamp }) => textOf(timestamp) ?? []));
    const copied = steps.filter((step) => step.is_copied_context === true);
    return {
      traceId: requiredText(trajectory.session_id, 'session_id'),
      cwd: textOf(extra.cwd),
      projectPath: textOf(extra.project_path),
      gitBranch: textOf(extra.git_branch),
      startedAt: first,
      endedAt: last,
      messages: steps.flatMap(messagesOf),
      meta: {
        schema_version: requiredText(trajectory.schema_version, 'schema_version'),
        step_count: BigInt(steps.length),
        agent_name: requiredText(agent.name, 'name of its agent'),
        ...filled({
          version: textOf(agent.version),
          model_name: textOf(agent.model_name),
          copied_context_step_ids: copied.map(({ step_id: id }) => id!),
          subagent_trajectory_refs: steps.flatMap(referencesOf),
          notes: textOf(trajectory.notes),
          continued_trajectory_ref: textOf(trajectory.continued_trajectory_ref),
          final_metrics: objectIfFilled(trajectory.final_metrics),
          extra: objectIfFilled(trajectory.extra),
        }),
      },
    };
  },
};

function stepOf(value: Value, number: number): ValueObject {
  const step = objectOf(value);
  if (step === null || step.step_id !== BigInt(number)) {
    throw new RolloutError(`has no step_id ${number} where it should be`);
  }
  const role = findOwn(ROLES, requiredText(step.source, `source of step ${number}`));
  if (role === undefined) throw new RolloutError(`has source "${textOf(step.source)}" in step ${number}`);
  if (!('message' in step)) throw new RolloutError(`has no message in step ${number}`);
  const wrong =
    role === 'assistant' ? undefined : OF_AGENTS.find((field) => (findOwn(step, field) ?? null) !== null);
  if (wrong !== undefined) throw new RolloutError(`has ${wrong} in step ${number}, which is not the agent's`);
  return step;
}

function messagesOf(step: ValueObject): readonly ValueObject[] {
  const said = message({
    role: findOwn(ROLES, step.source as string),
    content: step.message,
    reasoning: textOf(step.reasoning_content),
    calls: mapsIn(step.tool_calls, 'tool_calls').map((call) =>
      toolCall(
        requiredText(call.tool_call_id, 'tool_call_id of a call'),
        requiredText(call.function_name, 'function_name of a call'),
        argumentsText(call.arguments),
      ),
    ),
  });
  const results = resultsOf(step).filter(({ content }) => (content ?? null) !== null);
  return [
    said,
    ...results.map(({ content, source_call_id: id }) =>
      message({ role: 'tool', content, callId: textOf(id) }),
    ),
  ];
}

function resultsOf({ observation }: ValueObject): readonly ValueObject[] {
  if ((observation ?? null) === null) return [];
  const results = objectOf(observation)?.results;
  if (!isValueList(results)) throw new RolloutError('has an observation without results');
  return mapsIn(results, 'results');
}

function referencesOf(step: ValueObject): readonly ValueObject[] {
  return resultsOf(step).flatMap(({ subagent_trajectory_ref: list }) => {
    const refs = mapsIn(list, 'subagent_trajectory_ref').map((ref) => ({
      session_id: requiredText(ref.session_id, 'session_id of a subagent'),
      ...filled({ trajectory_path: textOf(ref.trajectory_path), extra: objectIfFilled(ref.extra) }),
    }));
    return refs.length === 0 ? [] : [{ step_id: step.step_id!, refs }];
  });
}

function mapsIn(list: Value | undefined, name: string): readonly ValueObject[] {
  if ((list ?? null) === null) return [];
  const maps = listOf(list).map(objectOf);
  if (!isValueList(list) || maps.includes(null))
    throw new RolloutError(`has ${name} that are no list of objects`);
  return maps as readonly ValueObject[];
}

function objectIfFilled(value: Value | undefined): ValueObject | null {
  const object = objectOf(value);
  return object === null || Object.keys(object).length === 0 ? null : object;
}
