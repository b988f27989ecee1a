import { describe, expect, it } from 'vitest';
import { splitThoughts } from '../../../../src/columns/llm/thoughts.ts';

describe('splitThoughts', () => {
  it.each([
    ['<think>\nA name.\n</think>\n\nNora', 'A name.', 'Nora'],
    ['  <think>A name.</think>Nora', 'A name.', 'Nora'],
    ['<THINK>A name.</Think>\nNora', 'A name.', 'Nora'],
    ['<think time="2" >A name.</think >\nNora', 'A name.', 'Nora'],
    ['<thinking>A name.</thinking>\nNora', 'A name.', 'Nora'],
    ['<thought>A name.</thought>\nNora', 'A name.', 'Nora'],
    ['<thoughts>A name.</thoughts>\nNora', 'A name.', 'Nora'],
    ['<reasoning>A name.</reasoning>\nNora', 'A name.', 'Nora'],
    ['<seed:think>A name.</seed:think>\nNora', 'A name.', 'Nora'],
    ['[THINK]A name.[/THINK]Nora', 'A name.', 'Nora'],
    ['◁think▷A name.◁/think▷Nora', 'A name.', 'Nora'],
    ['<|begin_of_thought|>A name.<|end_of_thought|>\nNora', 'A name.', 'Nora'],
    ['<|START_THINKING|>A name.<|END_THINKING|>Nora', 'A name.', 'Nora'],
    [
      '<|channel|>analysis<|message|>A name.<|end|><|start|>assistant<|channel|>final<|message|>Nora',
      'A name.<|end|><|start|>assistant',
      'Nora',
    ],
    ['<think>\n\n</think>\n\nNora', null, 'Nora'],
    ['<think>One.</think>\n<think>Two.</think>\nNora', 'One.\n\nTwo.', 'Nora'],
    ['<thinking>I shall <think>.</thinking>Nora', 'I shall <think>.', 'Nora'],
    ['<think>They close with </think> or so.\n</think>\nNora', 'They close with\n\nor so.', 'Nora'],
    ['<think>A name: {"level": 1}', 'A name: {"level": 1}', ''],
    ['<think>A name.</think>', 'A name.', ''],
  ])('splits %j', (raw, thoughts, answer) => {
    expect(splitThoughts(raw)).toEqual({ thoughts, answer });
  });

  it.each([
    ['A name.\n</think>\n\nNora', 'A name.', 'Nora'],
    ['A name.</think>\nNora', 'A name.', 'Nora'],
    ['A name.</think>Nora', 'A name.', 'Nora'],
    ['A name.\n</think> Nora', 'A name.', 'Nora'],
    ['A name. </think>\nNora', 'A name.', 'Nora'],
    ['A name </think>\n\nNora', 'A name', 'Nora'],
    ['A name: **Nora**</think>**Nora**', 'A name: **Nora**', '**Nora**'],
    ['```\nx\n```\nA name.\n</think>\n```json\n1\n```', '```\nx\n```\nA name.', '```json\n1\n```'],
    ['```\nA name.\n</think>\n```json\n1\n```', '```\nA name.', '```json\n1\n```'],
    ['A name.\n[/THINK]\nNora', 'A name.', 'Nora'],
    ['</think>\n\nNora', null, 'Nora'],
    ['One.\n</think>\nTwo.\n</think>\nNora', 'One.\n</think>\nTwo.', 'Nora'],
    ['A name.\n</think>\n', 'A name.', ''],
  ])('splits at a closing tag whose opening one was part of the prompt: %j', (raw, thoughts, answer) => {
    expect(splitThoughts(raw)).toEqual({ thoughts, answer });
  });

  it.each([
    'Models write <think>thoughts</think> first.',
    'Close it with </think> when you are done.',
    'The tag `</think>`\nends them.',
    'It says "</think>"',
    'The tag that ends them is </think>\nIt is used by some.',
    'Closing tags:\n- </b>\n- </think>\n- </p>',
    'Write:\n```\n</think>\n```\nand then answer.',
    'Write:\n```\n{{ thoughts }}</think>\n{{ answer }}\n```\nDone.',
    'They write\n    </think>\nbefore the answer.',
    'The tag **</think>** ends them.',
    '{"html": "<b>x</b></think>"}',
    '{"tag": "x</think>",\n "next": 1}',
    'Wrap them in <think> and\n</think>\nand answer.',
    'text.split("</think>")[1]',
    '<b>Nora</b>',
    '<thinker>Nora</thinker>',
    '[THINKING] Nora',
    'Nora',
  ])('leaves alone what only speaks of thoughts: %j', (raw) => {
    expect(splitThoughts(raw)).toEqual({ thoughts: null, answer: raw });
  });

  it('keeps the tags that were asked for', () => {
    const raw = '<reasoning>Short.</reasoning>\n<answer>Nora</answer>';
    expect(splitThoughts(raw, 'Give your reasoning as <reasoning>…</reasoning>')).toEqual({
      thoughts: null,
      answer: raw,
    });
    expect(splitThoughts(`<think>A name.</think>${raw}`, 'As <reasoning>…</reasoning>')).toEqual({
      thoughts: 'A name.',
      answer: raw,
    });
  });

  it.each([
    '<think>',
    '</think>\n',
    '<think></think>',
    'a\n</think>\n<think></think>',
    '<think ',
    '[THINK]</think>\n',
    '```\n</think>\n',
    '**</think>',
    'a </think>\n',
  ])('takes no long time for 100 kB of %j, and finds nothing more in what is left', (part) => {
    const startedAt = performance.now();
    const { answer } = splitThoughts(part.repeat(100_000 / part.length));
    expect(splitThoughts(answer)).toEqual({ thoughts: null, answer });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
