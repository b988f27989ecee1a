// Documents and seed files that cannot be used, each with everything that is said about it.

import { parquetWriteBuffer } from 'hyparquet-writer';
import type { Changes, Files } from './prepared.ts';

export interface BrokenDocument {
  readonly files: Files;
  readonly says: readonly string[];
  readonly changes?: Changes;
}

const MODELS = `
model_configs:
  - { alias: writer, model: made-up, provider: local }
rowloom:
  providers: [{ name: local, provider_type: simulated }]
`;

/** A document of these columns, with a model \`writer\`. */
const columns = (text: string): Files => ({ 'config.yaml': `columns:${text}${MODELS}` });
/** A document with one sampler and whatever else. */
const besides = (text: string): Files => ({
  'config.yaml': `columns: [{ name: id, column_type: sampler, sampler_type: uuid }]${text}`,
});
/** A document with a model column and a provider. */
const provider = (text: string): Files => ({
  'config.yaml': `columns: [{ name: a, column_type: llm-text, model_alias: m, prompt: "{{ id }}" }, { name: id, column_type: sampler, sampler_type: uuid }]
model_configs: [{ alias: m, model: x, provider: p }]
rowloom:
  providers:
    - name: p${text}`,
});
const model = (text: string): Files => ({
  'config.yaml': `columns: [{ name: a, column_type: llm-text, model_alias: m, prompt: "{{ id }}" }, { name: id, column_type: sampler, sampler_type: uuid }]
rowloom: { providers: [{ name: p, provider_type: simulated }] }
model_configs:
  - alias: m${text}`,
});
const seeds = (file: string, content: string | Uint8Array, more = ''): Files => ({
  'config.yaml': `seed_config:
  source: { seed_type: local, path: ${file} }${more}
columns:
  - { name: greeting, column_type: expression, expr: "Hello {{ name }}" }
`,
  [file]: content,
});

const PARQUET = Buffer.from(parquetWriteBuffer({ columnData: [{ name: 'name', data: ['Ada', 'Bob'] }] }));

export const BROKEN_DOCUMENTS: { readonly [what: string]: BrokenDocument } = {
  // The file
  'no file': { files: {}, says: ['error config.yaml does not exist'] },
  'a folder': {
    files: { 'config.yaml/x': '' },
    says: ['error config.yaml is a folder: name the config document in it'],
  },
  'standard input': {
    files: {},
    changes: { file: '-' },
    says: ['error - names no file: a document is read from a file only'],
  },
  'a path that no file can have': {
    files: {},
    changes: { file: `${'a'.repeat(300)}.yaml` },
    says: [`error ${'a'.repeat(300)}.yaml cannot be a file: the path is too long`],
  },
  'a device without an end': {
    files: {},
    changes: { file: '/dev/zero' },
    says: ['error zero is too large for a config document: at most 4 MB'],
  },
  'an empty file': { files: { 'config.yaml': '' }, says: ['error config.yaml is empty'] },
  'no UTF-8': {
    files: { 'config.yaml': new Uint8Array([0x61, 0xff, 0xfe]) },
    says: ['error config.yaml is no UTF-8 text'],
  },
  'a file too large': {
    files: { 'config.yaml': new Uint8Array(4 * 1024 * 1024 + 1) },
    says: ['error config.yaml is too large for a config document: at most 4 MB'],
  },
  'a list': {
    files: { 'config.yaml': '- columns\n' },
    says: ['error config.yaml is no config document: it has to be a map with "columns" in it'],
  },
  'bad YAML': {
    files: { 'config.yaml': 'columns: [a\nrowloom: {}\n' },
    says: ['error config.yaml:2:1 cannot be read as YAML: a "]" is missing here or above'],
  },
  'bad JSON': {
    files: { 'config.json': '{\n  "columns": [}\n' },
    changes: { file: 'config.json' },
    says: ['error config.json:2:15 cannot be read as JSON: a "]" is missing here or above'],
  },
  'a template without quotes': {
    files: columns(`
  - { name: u, column_type: sampler, sampler_type: uuid }
  - name: e
    column_type: expression
    expr: {{ u }}
`),
    says: [
      'error config.yaml:5:11 put the template into quotes, as "{{ … }}": YAML takes a bare "{" for a map',
    ],
  },
  'a binary file': {
    files: { 'config.yaml': 'columns\0: []' },
    says: ['error config.yaml is no text: it has control characters in it'],
  },
  'two documents': {
    files: { 'config.yaml': 'columns: []\n---\ncolumns: []\n' },
    says: [
      'error config.yaml:2:1 cannot be read as YAML: a second document starts here, and only one is allowed',
    ],
  },
  'a key twice': {
    files: { 'config.yaml': 'columns: []\nrowloom: {}\ncolumns: []\n' },
    says: ['error config.yaml:3:1 the key "columns" stands here a second time'],
  },
  'a key twice in JSON': {
    files: { 'config.json': '{ "columns": [],\n  "columns": [] }' },
    changes: { file: 'config.json' },
    says: ['error config.json:2:3 the key "columns" stands here a second time'],
  },
  'an unknown alias': {
    files: { 'config.yaml': 'columns: *nothing\n' },
    says: [
      'error config.yaml:1:10 nothing above is marked as "&nothing": text that starts with "*" has to stand in quotes',
    ],
  },
  'an alias of itself': {
    files: { 'config.yaml': 'columns: &all\n  - *all\n' },
    says: ['error config.yaml:2:5 is nested deeper than 100 levels'],
  },
  'a document nested too deeply': {
    files: { 'config.yaml': '['.repeat(20_000) },
    says: ['error config.yaml is nested deeper than 100 levels'],
  },
  'a bomb of aliases': {
    files: {
      'config.yaml': `a: &a [x,x,x,x,x,x,x,x,x,x]\n${[...'bcdefg'].map((name, index) => `${name}: &${name} [${`*${'abcdef'[index]},`.repeat(10)}]\n`).join('')}`,
    },
    says: ['error config.yaml:1:24 holds more than 200000 values'],
  },
  'a tag of Python': {
    files: { 'config.yaml': 'columns: !!python/object:x []\n' },
    says: [
      'error config.yaml:1:10 cannot be read as YAML: the tag "!!python/object:x" is not known here: text that starts with "!" has to stand in quotes',
    ],
  },
  'a key that is no text': {
    files: { 'config.yaml': '? [columns]\n: []\n' },
    says: ['error config.yaml:1:3 a key has to be text'],
  },
  'the key __proto__': {
    files: { 'config.yaml': 'columns: []\n__proto__: { x: 1 }\n' },
    says: ['error config.yaml:2:1 the key "__proto__" cannot be used'],
  },
  'a merge of no map': {
    files: { 'config.yaml': 'columns: []\n<<: 5\n' },
    says: ['error config.yaml:2:5 only a map can be merged with <<'],
  },

  // The top
  'no columns': {
    files: { 'config.yaml': 'rowloom: {}\n' },
    says: ['error config.yaml:1:1 there are no columns: a document lists at least one under "columns"'],
  },
  'an empty list of columns': {
    files: { 'config.yaml': 'columns: []\n' },
    says: ['error config.yaml:1:1 there are no columns: a document lists at least one under "columns"'],
  },
  'columns that are no list': {
    files: { 'config.yaml': 'columns: { name: a }\n' },
    says: ['error config.yaml:1:10 columns has to be a list, not a map'],
  },
  'an unknown field at the top': {
    files: besides('\nmodel_config: []\n'),
    says: [
      'error config.yaml:2:1 no field "model_config" at the top of a document, did you mean "model_configs"?',
    ],
  },
  'a slip in the name of the columns': {
    files: { 'config.yaml': 'colums:\n  - { name: id, column_type: sampler, sampler_type: uuid }\n' },
    says: [
      'error config.yaml:1:1 no field "colums" at the top of a document, did you mean "columns"?',
      'error config.yaml:1:1 there are no columns: a document lists at least one under "columns"',
    ],
  },
  'a trace that nobody asks for': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: llm-text, model_alias: writer, prompt: "{{ id }}", with_trace: none, extract_reasoning_content: false }
  - { name: b, column_type: expression, expr: "{{ a__trace }}" }
  - { name: c, column_type: expression, expr: "{{ a__reasoning_content }}" }
`),
    says: [
      'error config.yaml:4:51 column "b": no column "a__trace": column "a" makes it with with_trace: all_messages (in expr)',
      'error config.yaml:5:51 column "c": no column "a__reasoning_content": column "a" makes it with extract_reasoning_content: true (in expr)',
    ],
  },
  'settings of Rowloom at the top': {
    files: besides('\nrow_group_size: 5\nseed: 7\n'),
    says: [
      'error config.yaml:2:1 no field "row_group_size" at the top of a document: it belongs under rowloom',
      'error config.yaml:3:1 no field "seed" at the top of a document: it belongs under rowloom',
    ],
  },
  'columns under another name': {
    files: {
      'config.yaml':
        'fields:\n  - { name: id, column_type: sampler, sampler_type: uuid }\nnotes: { by: me }\nmore: [{ steps: [{ name: a, column_type: x }] }]\n',
    },
    says: [
      'error config.yaml:1:1 no field "fields" at the top of a document: it belongs under columns',
      'error config.yaml:1:1 there are no columns: a document lists at least one under "columns"',
      'warning config.yaml:3:1 "notes" is no field of a document: it is left out',
      'error config.yaml:4:1 no field "more" at the top of a document: it belongs under columns',
    ],
  },
  'a column that may make other numbers of rows': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid, allow_resize: true }
  - { name: body, column_type: llm-text, prompt: "{{ id }}", model_alias: writer, with_trace: true }
`),
    says: [
      'error config.yaml:2:59 column "id": allow_resize is not supported: a column can make neither more nor fewer rows',
      'warning config.yaml:3:83 column "body": with_trace is of an older version of Data Designer: it is read as all_messages',
    ],
  },
  'an empty prompt without an image': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: llm-text, prompt: "", model_alias: writer, multi_modal_context: [] }
  - { name: b, column_type: llm-text, prompt: " ", model_alias: writer, multi_modal_context: [{ column_name: id }] }
  - { name: c, column_type: llm-text, prompt: Describe it, model_alias: writer, multi_modal_context: [{ column_name: id }] }
`),
    says: ['error config.yaml:3:47 column "a": prompt is empty'],
  },
  'providers of an older document that cannot be used': {
    files: {
      'config.yaml': `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: llm-text, prompt: "{{ id }}", model_alias: m }
model_configs: [{ alias: m, model: x, provider: mine }]
model_providers:
  - { name: mine, endpoint: nowhere, api_key: sk-1234567890abcdef }
  - { name: other, provider_type: anthropic }
`,
    },
    says: [
      'warning config.yaml:5:1 model_providers is of an older version of Data Designer: those that are needed are read as if they stood in rowloom.providers',
      'error config.yaml:6:29 provider "mine": endpoint has to be a URL such as http://localhost:8000/v1',
      'error config.yaml:6:47 provider "mine": api_key is no name of an environment variable; if it is the key itself, put it into an environment variable and name that',
    ],
  },
  'an unknown field under data_designer': {
    files: {
      'config.yaml':
        'data_designer:\n  columns: [{ name: id, column_type: sampler, sampler_type: uuid }]\n  sead_config: null\n',
    },
    says: ['error config.yaml:3:3 no field "sead_config" in data_designer, did you mean "seed_config"?'],
  },
  'columns beside data_designer': {
    files: {
      'config.yaml':
        'data_designer:\n  columns: [{ name: id, column_type: sampler, sampler_type: uuid }]\ncolumns: []\n',
    },
    says: [
      'error config.yaml:3:1 no field "columns" at the top of a document: it belongs under data_designer',
    ],
  },
  'rowloom under data_designer': {
    files: {
      'config.yaml':
        'data_designer:\n  columns: [{ name: id, column_type: sampler, sampler_type: uuid }]\n  rowloom: {}\n',
    },
    says: ['error config.yaml:3:3 no field "rowloom" in data_designer: it belongs at the top'],
  },
  'data_designer that is no map': {
    files: { 'config.yaml': 'data_designer: []\n' },
    says: ['error config.yaml:1:16 data_designer has to be a map, not a list'],
  },
  'tools that cannot be called': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: body, column_type: llm-text, model_alias: writer, prompt: "{{ id }}", tool_alias: serch }
  - { name: note, column_type: llm-text, model_alias: writer, prompt: "{{ id }}", tool_alias: look }
  - { name: vector, column_type: embedding, model_alias: writer, target_column: id, tool_alias: look }
tool_configs:
  - { tool_alias: look, providers: [kb, kbb, kb], allow_tools: [a, a], max_tool_call_turns: 0 }
  - { tool_alias: look, providers: [], timeout_sec: 0 }
  - { tool_alias: search, providers: [nowhere], turns: 3 }`),
    says: [
      'error config.yaml:3:95 column "body": no tools "serch", did you mean "search"? (in tool_alias)',
      'error config.yaml:5:58 column "vector": model "writer" makes text, no embeddings (in model_alias)',
      'error config.yaml:5:85 column "vector": no field "tool_alias", did you mean "model_alias"?',
      'error config.yaml:7:46 tools "look": providers[2] "kb" stands there twice',
      'error config.yaml:7:68 tools "look": allow_tools[1] "a" stands there twice',
      'error config.yaml:7:93 tools "look": max_tool_call_turns has to be at least 1, not 0',
      'error config.yaml:8:19 tools "look": tool_alias "look" is the alias of earlier tools',
      'error config.yaml:8:36 tools "look": providers has to have at least 1 item',
      'error config.yaml:8:53 tools "look": timeout_sec has to be at least 0.001, not 0',
      'error config.yaml:9:49 tools "search": no field "turns"',
    ],
  },
  'a document that names commands': {
    files: {
      'config.yaml': `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: body, column_type: llm-text, model_alias: writer, prompt: "{{ id }}", tool_alias: look }
tool_configs: [{ tool_alias: look, providers: [kb] }]
mcp_providers: [{ name: kb, provider_type: stdio, command: rm, args: [-r] }, { name: other, command: rm }]${MODELS}
  mcp_providers:
    - { name: left, command: rm }
    - { name: right, endpoint: "http://a/sse?key=k", api_key: sk-12345678 }
    - { name: up, endpoint: up }
`,
    },
    says: [
      'warning config.yaml:5:1 mcp_providers is of an older version of Data Designer: those that are needed are read as if they stood in rowloom.mcp_providers',
      'error config.yaml:5:60 MCP provider "kb": command is refused: a document may start no program · put this MCP provider under mcp_providers in ~/.config/rowloom/providers.yaml, where you alone write',
      'error config.yaml:12:30 MCP provider "left": command is refused: a document may start no program · put this MCP provider under mcp_providers in ~/.config/rowloom/providers.yaml, where you alone write',
      'error config.yaml:13:32 MCP provider "right": endpoint holds a secret in clear: put it under mcp_providers in ~/.config/rowloom/providers.yaml',
      'error config.yaml:13:63 MCP provider "right": api_key is no name of an environment variable; if it is the key itself, put it into one and name that',
      'error config.yaml:14:29 MCP provider "up": endpoint has to be a URL such as http://localhost:8080/mcp',
    ],
  },
  profilers: {
    files: besides(`
profilers: [{ model_alias: m }, { model_alias: nobody }, { summary_score_sample_size: 0 }]
`),
    says: [
      'error config.yaml:2:28 profilers[0].model_alias names no model: "m"',
      'error config.yaml:2:48 profilers[1].model_alias names no model: "nobody"',
      'error config.yaml:2:58 profilers[2].model_alias is missing',
      'error config.yaml:2:87 profilers[2].summary_score_sample_size has to be at least 1, not 0',
    ],
  },
  'wrong settings': {
    files: besides(`
rowloom:
  seed: [1]
  row_group_size: 0
  slice_size: many
  max_concurrent_row_groups: 2.5
  max_conversation_restarts: -1
  shutdown_error_rate: 1.5
  disable_early_shutdown: maybe
  row_groups: 5
`),
    says: [
      'error config.yaml:3:9 rowloom.seed has to be text, not a list',
      'error config.yaml:4:19 rowloom.row_group_size has to be at least 1, not 0',
      'error config.yaml:5:15 rowloom.slice_size has to be a number, not "many"',
      'error config.yaml:6:30 rowloom.max_concurrent_row_groups has to be a whole number, not 2.5',
      'error config.yaml:7:30 rowloom.max_conversation_restarts has to be at least 0, not -1',
      'error config.yaml:8:24 rowloom.shutdown_error_rate has to be at most 1, not 1.5',
      'error config.yaml:9:27 rowloom.disable_early_shutdown has to be true or false, not "maybe"',
      'error config.yaml:10:3 no field "row_groups" in rowloom',
    ],
  },
  'all rows without seeds': {
    files: besides('\n'),
    changes: { rows: 'all' },
    says: ['error config.yaml:1:1 has no seed_config, so there is no number of all rows'],
  },

  // Columns
  'a column that is no map': {
    files: columns('\n  - body\n'),
    says: ['error config.yaml:2:5 column 1: has to be a map, not "body"'],
  },
  'a column without a name': {
    files: columns('\n  - { column_type: sampler, sampler_type: uuid }\n'),
    says: ['error config.yaml:2:5 column 1: name is missing'],
  },
  'a column without a type': {
    files: columns('\n  - name: id\n    sampler_type: uuid\n'),
    says: ['error config.yaml:2:5 column "id": column_type is missing'],
  },
  'a misspelt column type': {
    files: columns('\n  - name: id\n    column_type: smapler\n    sampler_type: uuid\n'),
    says: ['error config.yaml:3:18 column "id": no column_type "smapler", did you mean "sampler"?'],
  },
  'a column type that is no text': {
    files: columns('\n  - { name: id, column_type: [sampler] }\n'),
    says: ['error config.yaml:2:30 column "id": column_type has to be text, not a list'],
  },
  'a picture without a prompt': {
    files: columns(`
  - { name: d, column_type: image, prompt: " ", model_alias: writer, multi_modal_context: [] }
`),
    says: ['error config.yaml:2:44 column "d": prompt is empty'],
  },
  'functions of users': {
    files: {
      ...columns(`
  - { name: a, column_type: custom }
  - { name: b, column_type: custom, generator_function: ./gen.py#title }
  - { name: c, column_type: custom, generator_function: ./gen.ts#titel, required_columns: [nope, c], model_aliases: [wirter] }
  - { name: d, column_type: custom, generator_function: ./none.ts, side_effect_columns: [a, { name: d }, { name: e, output_format: 1 }] }
  - { name: f, column_type: custom, generator_function: ./gen.ts#title, in_order: true, generation_strategy: cell_by_cell, concurrency: 2 }
  - { name: g, column_type: custom, generator_function: ./gen.ts#title, concurrency: 1, output_format: { type: wrong } }
  - { name: h, column_type: custom, generator_function: enrich, task_queue: python, model_aliases: [writer], generation_strategy: full_column, in_order: true }
`),
      'gen.ts': 'export const title = () => 1;',
    },
    says: [
      'error config.yaml:2:5 column "a": generator_function is missing',
      'error config.yaml:3:57 column "b": generator_function names "./gen.py", which is no JavaScript or TypeScript: write ./gen.ts#title, or add the task_queue of a Temporal activity',
      'error config.yaml:4:57 column "c": generator_function "./gen.ts" exports no "titel", did you mean "title"?',
      'error config.yaml:4:92 column "c": no column "nope" (in required_columns[0])',
      'error config.yaml:4:98 column "c": needs itself (in required_columns[1])',
      'error config.yaml:4:118 column "c": no model "wirter", did you mean "writer"? (in model_aliases[0])',
      'error config.yaml:5:5 column "d": makes a column "a" beside it, and "a" is a column of the document too: rename one of them',
      'error config.yaml:5:5 column "d": makes two columns "d": rename one of them',
      'error config.yaml:5:57 column "d": generator_function cannot be used: Could not resolve "none.ts"',
      'error config.yaml:5:132 column "d": side_effect_columns[2].output_format has to be a map with a JSON Schema in it',
      'error config.yaml:6:110 column "f": generation_strategy is "cell_by_cell", but in_order calls the function for one row after the other: leave one of them out',
      'error config.yaml:6:137 column "f": concurrency cannot be 2: rows in order go one at a time',
      'error config.yaml:7:86 column "g": concurrency is for in_order alone: how many cells go at once follows from the models',
      'error config.yaml:7:112 column "g": output_format.type is no JSON Schema: must be equal to one of the allowed values: array, boolean, integer, null, number, object, string',
      'error config.yaml:8:77 column "h": task_queue needs a version beside it: nobody here sees the code of an activity, so only that tells a changed one',
      'error config.yaml:8:100 column "h": model_aliases cannot be given to a Temporal activity: it asks models by itself',
      'error config.yaml:8:131 column "h": generation_strategy is for functions of a module: an activity gets rows as they are ready',
      'error config.yaml:8:131 column "h": generation_strategy is "full_column", but in_order calls the function for one row after the other: leave one of them out',
      'error config.yaml:8:154 column "h": in_order is for functions of a module: an activity gets rows as they are ready',
    ],
  },
  'fields that are not there yet': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid, propagate_skip: false }
  - name: body
    column_type: llm-text
    model_alias: writer
    prompt: Write about {{ id }}.
    skip: { when: "{{ id == '' }}", value: null }
    multi_modal_context: [{ modality: image, column_name: id }]
    tool_alias: null
    allow_resize: true
    with_trace: all_messages
    extract_reasoning_content: yes
  - { name: note, column_type: expression, expr: "{{ body__trace }}{{ body__reasoning_content }}" }
`),
    says: [
      'error config.yaml:10:5 column "body": allow_resize is not supported: a column can make neither more nor fewer rows',
    ],
  },
  'fields that are not there yet, of other columns': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid, skip: { when: "{{ x }}" } }
  - name: rating
    column_type: llm-structured
    model_alias: writer
    prompt: Rate {{ id }}.
    output_format: { type: object }
    with_trace: last_message
    tool_alias: search
  - name: verdict
    column_type: llm-judge
    model_alias: writer
    prompt: Judge {{ id }}.
    scores: [{ name: tone, description: How it sounds, options: { 1: bad, 2: good } }]
    extract_reasoning_content: true
    multi_modal_context: [{ modality: image, column_name: id }]
  - { name: note, column_type: expression, expr: "{{ id }}", skip: { when: "{{ id }}" }, propagate_skip: no }
`),
    says: [
      'error config.yaml:2:65 column "id": skip is not for sampler columns: they start the rows',
      'error config.yaml:2:77 column "id": no column "x" (in skip.when)',
      'error config.yaml:9:17 column "rating": no tools "search" (in tool_alias): describe them under tool_configs',
    ],
  },
  'what a model cannot be shown': {
    files: columns(`
  - { name: photo, column_type: sampler, sampler_type: uuid }
  - name: body
    column_type: llm-text
    model_alias: writer
    prompt: Describe it
    multi_modal_context:
      - { modality: image, column_name: foto, of: interest }
      - { modality: picture, column_name: photo }
      - { modality: audio, column_name: photo, data_type: base64 }
      - { column_name: photo, data_type: base64 }
      - { column_name: photo, image_format: bmp }
      - { modality: video, column_name: photo, data_type: base64, video_format: mp4 }
      - { modality: video, column_name: body }
`),
    says: [
      'error config.yaml:8:41 column "body": no column "foto" (in multi_modal_context[0].column_name)',
      'error config.yaml:9:21 column "body": multi_modal_context[1].modality has to be image, audio or video, not "picture"',
      'error config.yaml:10:9 column "body": multi_modal_context[2].audio_format is missing: base64 text does not say what it is, so name one of mp3, wav',
      'error config.yaml:11:9 column "body": multi_modal_context[3].image_format is missing: base64 text does not say what it is, so name one of png, jpg, jpeg, gif, webp',
      'error config.yaml:12:45 column "body": multi_modal_context[4].image_format has to be png, jpg, jpeg, gif or webp, not "bmp"',
      'error config.yaml:14:41 column "body": needs itself (in multi_modal_context[6].column_name)',
    ],
  },
  'a skip value that is no cell of its column, and no choice of a language': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: llm-judge, model_alias: writer, prompt: "{{ id }}", scores: [{ name: fit, description: how well, options: { 1: bad } }], skip: { when: "{{ id }}", value: "none" } }
  - { name: b, column_type: validation, target_columns: [id], validator_type: code, validator_params: {} }
`),
    says: [
      'warning config.yaml:3:183 column "a": skip.value "none" is not an object: with it, all cells of the column are written as JSON text',
      'error config.yaml:4:85 column "b": validator_params.code_lang is missing: it has to be python, sql:sqlite, sql:tsql, sql:bigquery, sql:mysql, sql:postgres, sql:ansi, javascript or typescript',
    ],
  },
  'skips that cannot be': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: expression, dtype: int, expr: "1", skip: { when: "{{ id }}", value: "3.7" } }
  - { name: b, column_type: expression, dtype: float, expr: "1", skip: { when: "{{ id }}", value: [1] } }
  - { name: c, column_type: expression, expr: "1", skip: { when: "{{ c }}" } }
  - { name: d, column_type: llm-text, model_alias: writer, prompt: "{{ id }}", with_trace: all_messages, skip: { when: "{{ d__trace }}" } }
  - { name: e, column_type: expression, expr: "1", skip: { when: "{{ true }}" } }
  - { name: f, column_type: expression, expr: "1", skip: { when: "id == 3" } }
`),
    says: [
      'error config.yaml:3:97 column "a": skip.value is "3.7", which is no int',
      'error config.yaml:4:99 column "b": skip.value is a list, which is no float',
      'error config.yaml:5:70 column "c": needs itself (in skip.when)',
      'error config.yaml:6:124 column "d": looks at what it makes itself (in skip.when)',
      'error config.yaml:7:66 column "e": skip.when names no column: it holds for every row or for none',
      'error config.yaml:8:66 column "f": skip.when is plain text, which holds for every row: write {{ id == 3 }}',
    ],
  },
  'fields of other columns': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid, prompt: x, drops: yes }
  - { name: body, column_type: llm-text, model_alias: writer, promt: "{{ id }}", prompt: "{{ id }}", temperature: 1 }
  - { name: note, column_type: expression, expr: "{{ id }}", dtyp: int }
`),
    says: [
      'error config.yaml:2:59 column "id": no field "prompt"',
      'error config.yaml:2:70 column "id": no field "drops", did you mean "drop"?',
      'error config.yaml:3:63 column "body": no field "promt", did you mean "prompt"?',
      'error config.yaml:3:102 column "body": no field "temperature"',
      'error config.yaml:4:62 column "note": no field "dtyp", did you mean "dtype"?',
    ],
  },
  'names that differ only in case': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: ID, column_type: sampler, sampler_type: uuid }
`),
    says: [
      'error config.yaml:3:13 column "ID": name "ID" and "id" differ only in case: readers of Parquet such as DuckDB take them for one',
    ],
  },
  'a column that differs from a seed column only in case': {
    files: seeds('s.csv', 'name,Greeting,GREETING\nAda,Hi,Ho\n'),
    says: [
      'error config.yaml:2:37 seed_config.source.path has columns "Greeting" and "GREETING", which differ only in case: readers of Parquet such as DuckDB take them for one',
      'error config.yaml:4:13 column "greeting": name "greeting" and "GREETING" differ only in case: readers of Parquet such as DuckDB take them for one',
    ],
  },
  'names that cannot be': {
    files: columns(`
  - { name: "", column_type: sampler, sampler_type: uuid }
  - { name: "  ", column_type: sampler, sampler_type: uuid }
  - { name: "a\\tb", column_type: sampler, sampler_type: uuid }
  - { name: "\\ud83d", column_type: sampler, sampler_type: uuid }
  - { name: ${'ä'.repeat(40)}, column_type: sampler, sampler_type: uuid }
  - { name: "${'*'.repeat(67)}", column_type: sampler, sampler_type: uuid }
  - { name: _internal_row_id, column_type: sampler, sampler_type: uuid }
  - { name: __proto__, column_type: sampler, sampler_type: uuid }
  - { name: 5, column_type: sampler, sampler_type: uuid }
  - { name: null, column_type: sampler, sampler_type: uuid }
`),
    says: [
      'error config.yaml:2:13 column "": name is empty',
      'error config.yaml:3:13 column "  ": name is empty',
      'error config.yaml:4:13 column "a\\tb": name has a control character in it',
      'error config.yaml:5:13 column "\\ud83d": name has half a surrogate pair in it',
      'error config.yaml:6:13 column "ääääääääääääääääääääääääääääääääääääääää": name is too long: 240 characters in a file name, where 200 are allowed',
      `error config.yaml:7:13 column "${'*'.repeat(67)}": name is too long: 201 characters in a file name, where 200 are allowed`,
      'error config.yaml:8:13 column "_internal_row_id": name "_internal_row_id" is taken by Rowloom',
      'error config.yaml:9:13 column "__proto__": name "__proto__" is taken by Rowloom',
      'error config.yaml:11:13 column 10: name has to be text, not null',
    ],
  },
  'all columns dropped': {
    files: columns('\n  - { name: id, column_type: sampler, sampler_type: uuid, drop: yes }\n'),
    says: ['error config.yaml:2:3 columns are all dropped: at least one has to stay'],
  },
  'a misspelt field': {
    files: columns(
      '\n  - name: body\n    column_type: llm-text\n    promt: Hello\n    model_alias: writer\n',
    ),
    says: [
      'error config.yaml:2:5 column "body": prompt is missing',
      'error config.yaml:4:5 column "body": no field "promt", did you mean "prompt"?',
    ],
  },
  'a field of another type of column': {
    files: columns('\n  - { name: id, column_type: sampler, sampler_type: uuid, expr: "{{ 1 }}" }\n'),
    says: ['error config.yaml:2:59 column "id": no field "expr"'],
  },
  'fields of wrong types': {
    files: columns(`
  - name: body
    column_type: llm-text
    prompt: [Write]
    system_prompt: { text: x }
    model_alias: 5
    drop: perhaps
  - { name: n, column_type: expression, expr: "{{ body }}", dtype: integer }
`),
    says: [
      'error config.yaml:4:13 column "body": prompt has to be text, not a list',
      'error config.yaml:5:20 column "body": system_prompt has to be text, not a map',
      'error config.yaml:6:18 column "body": no model "5" (in model_alias): describe it under model_configs',
      'error config.yaml:7:11 column "body": drop has to be true or false, not "perhaps"',
      'error config.yaml:8:68 column "n": dtype has to be str, int, float or bool, not "integer", did you mean "int"?',
    ],
  },
  'empty templates': {
    files: columns(`
  - { name: body, column_type: llm-text, prompt: "  ", model_alias: writer }
  - { name: note, column_type: expression, expr: "" }
`),
    says: [
      'error config.yaml:2:50 column "body": prompt is empty',
      'error config.yaml:3:50 column "note": expr is empty',
    ],
  },

  // References
  'an unknown column in a prompt': {
    files: columns(`
  - { name: severity, column_type: sampler, sampler_type: uuid }
  - name: note
    column_type: llm-text
    model_alias: writer
    system_prompt: |
      You rate tickets.
      Be {{ mood }}.
    prompt: "Rate seveity: {{ seveity.level }}"
`),
    says: [
      'error config.yaml:8:13 column "note": no column "mood" (in system_prompt)',
      'error config.yaml:9:31 column "note": no column "seveity", did you mean "severity"? (in prompt)',
    ],
  },
  'an unknown column in an expression': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - name: note
    column_type: expression
    expr: >-
      {% if id %}
        {{ idd }}
      {% endif %}
`),
    says: ['error config.yaml:7:12 column "note": no column "idd", did you mean "id"? (in expr)'],
  },
  'a column that needs itself': {
    files: columns('\n  - { name: note, column_type: expression, expr: "{{ note }}" }\n'),
    says: ['error config.yaml:2:54 column "note": needs itself (in expr)'],
  },
  cycles: {
    files: columns(`
  - { name: a, column_type: expression, expr: "{{ b }}" }
  - { name: b, column_type: expression, expr: "{{ c }}" }
  - { name: c, column_type: expression, expr: "{{ a }}" }
  - { name: d, column_type: expression, expr: "{{ e }}{{ a }}" }
  - { name: e, column_type: expression, expr: "{{ d }}" }
`),
    says: [
      'error config.yaml:2:13 column "a": columns need each other: a → c → b → a',
      'error config.yaml:5:13 column "d": columns need each other: d → e → d',
    ],
  },
  'a cycle through samplers': {
    files: columns(`
  - { name: a, column_type: sampler, sampler_type: bernoulli, params: { p: 0.5 }, conditional_params: { "b == 1": { p: 1 } } }
  - { name: b, column_type: sampler, sampler_type: bernoulli, params: { p: 0.5 }, conditional_params: { "a == 1": { p: 1 } } }
`),
    says: ['error config.yaml:2:13 column "a": columns need each other: a → b → a'],
  },
  'bad syntax in a template': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - name: note
    column_type: expression
    expr: |
      First line
      {{ id + }}
`),
    says: [
      'error config.yaml:7:15 column "note": cannot read the template: unexpected "}}", expected a value (in expr)',
    ],
  },
  'a tag that is never closed': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: note, column_type: expression, expr: "{% if id %}yes" }
`),
    says: [
      'error config.yaml:3:54 column "note": cannot find the end of "if": "{% endif %}" is missing (in expr)',
    ],
  },
  'a filter that is not allowed': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: note, column_type: expression, expr: "{{ id | wordcount }}" }
  - { name: more, column_type: expression, expr: "{{ id | uper }}" }
`),
    says: [
      'warning config.yaml:3:59 column "note": expr has the filter "wordcount", which works here; Data Designer has it with jinja_rendering_engine: native only',
      'error config.yaml:4:59 column "more": cannot use the filter "uper": templates do not have it, did you mean "upper"? (in expr)',
    ],
  },
  'statements that are not allowed': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: expression, expr: "{% import 'x' as y %}" }
  - { name: b, column_type: expression, expr: "{% set x = 1 %}{{ id }}" }
  - { name: c, column_type: expression, expr: "{% macro m() %}{% endmacro %}{{ id }}" }
  - { name: d, column_type: expression, expr: "{{ self }}" }
  - { name: e, column_type: expression, expr: "{{ id.__class__ }}" }
`),
    says: [
      'error config.yaml:3:51 column "a": cannot use the tag "import": there are no other templates to load (in expr)',
      'error config.yaml:4:51 column "b": expr has "set" with "=", which needs jinja_rendering_engine: native, under rowloom or in the file of --run-config',
      'error config.yaml:5:51 column "c": expr has "macro", which needs jinja_rendering_engine: native, under rowloom or in the file of --run-config',
      'error config.yaml:6:51 column "d": cannot use "self": templates have no access to themselves (in expr)',
      'error config.yaml:7:54 column "e": cannot read "__class__": names that start with "__" are private (in expr)',
    ],
  },
  // Samplers
  'a misspelt sampler type': {
    files: columns(
      '\n  - { name: id, column_type: sampler, sampler_type: catgory, params: { values: [a] } }\n',
    ),
    says: ['error config.yaml:2:53 column "id": no sampler_type "catgory", did you mean "category"?'],
  },
  'a sampler without a type': {
    files: columns('\n  - { name: id, column_type: sampler }\n'),
    says: ['error config.yaml:2:5 column "id": sampler_type is missing'],
  },
  'samplers without their parameters': {
    files: columns(`
  - { name: a, column_type: sampler, sampler_type: binomial, params: { n: 3.5, p: 0.5 } }
  - { name: b, column_type: sampler, sampler_type: person_from_faker }
  - { name: c, column_type: sampler, sampler_type: scipy, params: {} }
  - { name: d, column_type: sampler, sampler_type: timedelta, params: {} }
  - { name: e, column_type: sampler, sampler_type: bernoulli_mixture, params: {} }
  - { name: f, column_type: sampler, sampler_type: person_from_faker }
`),
    says: [
      'error config.yaml:2:75 column "a": params.n has to be a whole number, not 3.5',
      'error config.yaml:4:59 column "c": params.dist_name is missing',
      'error config.yaml:4:59 column "c": params.dist_params is missing',
      'error config.yaml:5:63 column "d": params.dt_min is missing',
      'error config.yaml:5:63 column "d": params.dt_max is missing',
      'error config.yaml:5:63 column "d": params.reference_column_name is missing',
      'error config.yaml:6:71 column "e": params.p is missing',
      'error config.yaml:6:71 column "e": params.dist_name is missing',
      'error config.yaml:6:71 column "e": params.dist_params is missing',
    ],
  },
  'wrong parameters of uuid': {
    files: columns(
      '\n  - { name: id, column_type: sampler, sampler_type: uuid, params: { short: yes, prefix: [T] } }\n',
    ),
    says: [
      'error config.yaml:2:69 column "id": no field "short" in params, did you mean "short_form"?',
      'error config.yaml:2:89 column "id": params.prefix has to be text, not a list',
    ],
  },
  'wrong parameters of category': {
    files: columns(`
  - { name: a, column_type: sampler, sampler_type: category }
  - { name: b, column_type: sampler, sampler_type: category, params: { values: [] } }
  - { name: c, column_type: sampler, sampler_type: category, params: { values: [x, [y], null] } }
  - { name: d, column_type: sampler, sampler_type: category, params: { values: [x, y], weights: [1] } }
  - { name: e, column_type: sampler, sampler_type: category, params: { values: [x, y], weights: [0, 0] } }
  - { name: f, column_type: sampler, sampler_type: category, params: { values: [x, y], weights: [1, -1] } }
  - { name: g, column_type: sampler, sampler_type: category, params: x }
`),
    says: [
      'error config.yaml:2:5 column "a": params is missing',
      'error config.yaml:3:80 column "b": params.values has to have at least 1 item',
      'error config.yaml:4:84 column "c": params.values[1] has to be text or a number, not a list',
      'error config.yaml:4:89 column "c": params.values[2] has to be text or a number, not null',
      'error config.yaml:5:97 column "d": params.weights has to be as long as values: 2 items, not 1',
      'error config.yaml:6:97 column "e": params.weights has no weight above 0',
      'error config.yaml:7:101 column "f": params.weights[1] has to be at least 0, not -1',
      'error config.yaml:8:70 column "g": params has to be a map, not "x"',
    ],
  },
  'wrong parents of subcategories': {
    files: columns(`
  - { name: tier, column_type: sampler, sampler_type: category, params: { values: [free, pro] } }
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: sampler, sampler_type: subcategory, params: { category: teir, values: { free: [x] } } }
  - { name: b, column_type: sampler, sampler_type: subcategory, params: { category: id, values: { free: [x] } } }
  - { name: c, column_type: sampler, sampler_type: subcategory, params: { category: c, values: { free: [x] } } }
  - { name: d, column_type: sampler, sampler_type: subcategory, params: { category: tier, values: { free: [x], por: [y], other: [z] } } }
  - { name: e, column_type: sampler, sampler_type: subcategory, params: { category: tier, values: { free: [x], pro: [] } } }
`),
    says: [
      'error config.yaml:4:85 column "a": no column "teir", did you mean "tier"? (in params.category)',
      'error config.yaml:5:85 column "b": the parent of a subcategory has to be a sampler of type category, and "id" is none (in params.category)',
      'error config.yaml:6:85 column "c": needs itself (in params.category)',
      'error config.yaml:7:99 column "d": params.values has no list for "pro", a value of "tier"',
      'error config.yaml:7:112 column "d": params.values.por is no value of "tier", did you mean "pro"?',
      'error config.yaml:7:122 column "d": params.values.other is no value of "tier"',
      'error config.yaml:8:117 column "e": params.values.pro has to have at least 1 item',
    ],
  },
  'impossible distributions': {
    files: columns(`
  - { name: a, column_type: sampler, sampler_type: uniform, params: { low: 6, high: 5 } }
  - { name: b, column_type: sampler, sampler_type: uniform, params: { low: a lot, high: .inf } }
  - { name: c, column_type: sampler, sampler_type: gaussian, params: { mean: 0, stddev: -1 } }
  - { name: d, column_type: sampler, sampler_type: gaussian, params: { mean: .nan, stddev: 1, decimal_places: 40 } }
  - { name: e, column_type: sampler, sampler_type: bernoulli, params: { p: 1.2 } }
  - { name: f, column_type: sampler, sampler_type: poisson, params: { mean: -3 } }
  - { name: g, column_type: sampler, sampler_type: poisson, params: {} }
`),
    says: [
      'error config.yaml:2:76 column "a": params.low has to be at most high 5, not 6',
      'error config.yaml:3:76 column "b": params.low has to be a number, not "a lot"',
      'error config.yaml:3:89 column "b": params.high has to be a number, not .inf',
      'error config.yaml:4:89 column "c": params.stddev has to be at least 0, not -1',
      'error config.yaml:5:78 column "d": params.mean has to be a number, not .nan',
      'error config.yaml:5:111 column "d": params.decimal_places has to be at most 15, not 40',
      'error config.yaml:6:76 column "e": params.p has to be at most 1, not 1.2',
      'error config.yaml:7:77 column "f": params.mean has to be at least 0, not -3',
      'error config.yaml:8:61 column "g": params.mean is missing',
    ],
  },
  'wrong dates': {
    files: columns(`
  - { name: a, column_type: sampler, sampler_type: datetime, params: { start: 2025-02-30, end: 2025-12-31 } }
  - { name: b, column_type: sampler, sampler_type: datetime, params: { start: 2025-12-31, end: 2025-01-01 } }
  - { name: c, column_type: sampler, sampler_type: datetime, params: { start: 2025-01-01, end: tomorrow, unit: W } }
`),
    says: [
      'error config.yaml:2:79 column "a": params.start has to be a date or time such as 2025-01-31 or 2025-01-31T09:30:00',
      'error config.yaml:3:96 column "b": params.end has to be later than start 2025-12-31, not 2025-01-01',
      'error config.yaml:4:96 column "c": params.end has to be a date or time such as 2025-01-31 or 2025-01-31T09:30:00',
      'error config.yaml:4:112 column "c": params.unit has to be Y, M, D, h, m or s, not "W"',
    ],
  },
  'wrong conversions': {
    files: columns(`
  - { name: a, column_type: sampler, sampler_type: uniform, params: { low: 0, high: 1 }, convert_to: integer }
  - { name: b, column_type: sampler, sampler_type: category, params: { values: [1, two] }, convert_to: int }
  - { name: c, column_type: sampler, sampler_type: datetime, params: { start: 2025, end: 2026 }, convert_to: "%Y-%Q" }
  - { name: d, column_type: sampler, sampler_type: uuid, convert_to: int }
  - { name: e, column_type: sampler, sampler_type: category, params: { values: [9223372036854775807, 1e30] }, convert_to: int }
`),
    says: [
      'error config.yaml:2:102 column "a": convert_to has to be int, float or str, not "integer", did you mean "int"?',
      'error config.yaml:3:104 column "b": convert_to cannot make a number of the value "two"',
      'error config.yaml:4:110 column "c": convert_to has "%Q", which no date can be written with',
      'warning config.yaml:5:70 column "d": convert_to is for numbers, categories and dates: a uuid stays as it is',
      'error config.yaml:6:123 column "e": convert_to cannot make an int of the value "1e+30": it has more than 64 bits',
    ],
  },
  'wrong conditions': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: note, column_type: expression, expr: "{{ id }}" }
  - name: n
    column_type: sampler
    sampler_type: gaussian
    params: { mean: 1, stddev: 1 }
    conditional_params:
      "note == 'x'": { mean: 2, stddev: 1 }
      "idd == 'x'": { mean: 2, stddev: 1 }
      "id ==": { mean: 2, stddev: 1 }
      "id == 'x'": { mean: 2, sdev: 1 }
      "n == 1": { mean: 2, stddev: 1 }
`),
    says: [
      'error config.yaml:9:7 column "n": a sampler can depend on samplers only, and "note" is none (in conditional_params)',
      'error config.yaml:10:7 column "n": no column "idd", did you mean "id"? (in conditional_params)',
      'error config.yaml:11:7 column "n": cannot read the template: unexpected end of the template, expected a value (in conditional_params)',
      `error config.yaml:12:7 column "n": conditional_params["id == 'x'"].stddev is missing`,
      `error config.yaml:12:31 column "n": no field "sdev" in conditional_params["id == 'x'"]`,
      'error config.yaml:13:7 column "n": needs itself (in conditional_params)',
    ],
  },

  // Model columns
  'a model of Data Designer itself': {
    files: {
      ...columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: body, column_type: llm-text, prompt: "{{ id }}", model_alias: nvidia-text }
  - { name: title, column_type: llm-text, prompt: "{{ id }}", model_alias: writter }
`),
      'home/.data-designer/model_configs.yaml':
        'model_configs: [{ alias: nvidia-text, model: x, provider: nvidia }]',
    },
    says: [
      'error config.yaml:3:75 column "body": no model "nvidia-text" (in model_alias): a document with models has no others, copy it from ~/.data-designer/model_configs.yaml to model_configs',
      'error config.yaml:4:76 column "title": no model "writter", did you mean "writer"? (in model_alias)',
    ],
  },
  'a model of Data Designer beside models of the document': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: body, column_type: llm-text, prompt: "{{ id }}", model_alias: openai-reasoning }
`),
    says: [
      'error config.yaml:3:75 column "body": no model "openai-reasoning" (in model_alias): a document with models has no others, add { alias: openai-reasoning, model: gpt-5, provider: openai, inference_parameters: { extra_body: { reasoning_effort: medium } } } to model_configs',
    ],
  },
  'models that nobody has described': {
    files: {
      'config.yaml': `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: llm-text, prompt: "{{ id }}", model_alias: nvidia-txt }
  - { name: b, column_type: llm-text, prompt: "{{ id }}", model_alias: writer }
  - { name: c, column_type: llm-text, prompt: "{{ id }}", model_alias: nvidia-embedding }
`,
    },
    changes: { environment: { NVIDIA_API_KEY: 'x' } },
    says: [
      'error config.yaml:3:72 column "a": no model "nvidia-txt", did you mean "nvidia-text"? (in model_alias)',
      'error config.yaml:4:72 column "b": no model "writer" (in model_alias): describe it under model_configs',
      'error config.yaml:5:72 column "c": model "nvidia-embedding" makes embeddings, no text (in model_alias)',
    ],
  },
  "mistakes in Data Designer's own file of models": {
    files: {
      'config.yaml':
        'columns: [{ name: a, column_type: llm-text, prompt: "{{ id }}", model_alias: mine }, { name: id, column_type: sampler, sampler_type: uuid }]\n',
      'home/.data-designer/model_configs.yaml':
        'model_configs:\n  - { alias: mine, model: x, provider: nowhere, inference_parameters: { temperature: 9 } }\n  - { alias: other }\n',
    },
    says: [
      'error ~/.data-designer/model_configs.yaml:2:40 model "mine": no provider "nowhere" (in provider)',
      'error ~/.data-designer/model_configs.yaml:2:86 model "mine": inference_parameters.temperature has to be at most 2, not 9',
    ],
  },
  'an unknown model': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: body, column_type: llm-text, prompt: "{{ id }}", model_alias: writter }
`),
    says: [
      'error config.yaml:3:75 column "body": no model "writter", did you mean "writer"? (in model_alias)',
    ],
  },
  'a model of another kind': {
    files: {
      'config.yaml': `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: llm-text, prompt: "{{ id }}", model_alias: vectors }
  - { name: b, column_type: llm-text, prompt: "{{ id }}", model_alias: pictures }
model_configs:
  - { alias: vectors, model: x, provider: p, inference_parameters: { encoding_format: float } }
  - { alias: pictures, model: x, provider: p, inference_parameters: { generation_type: image } }
rowloom: { providers: [{ name: p, provider_type: simulated }] }
`,
    },
    says: [
      'error config.yaml:3:72 column "a": model "vectors" makes embeddings, no text (in model_alias)',
      'error config.yaml:4:72 column "b": model "pictures" makes images, no text (in model_alias)',
    ],
  },
  'schemas that are none': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: llm-structured, prompt: "{{ id }}", model_alias: writer }
  - { name: b, column_type: llm-structured, prompt: "{{ id }}", model_alias: writer, output_format: Ticket }
  - name: c
    column_type: llm-structured
    prompt: "{{ id }}"
    model_alias: writer
    output_format:
      type: object
      properties:
        level: { type: whole }
        tags: { type: array, items: [{ type: string }] }
      required: level
  - { name: d, column_type: llm-structured, prompt: "{{ id }}", model_alias: writer, output_format: { $ref: "#/$defs/Gone" } }
  - { name: e, column_type: llm-structured, prompt: "{{ id }}", model_alias: writer, output_format: { type: string, pattern: "(" } }
`),
    says: [
      'error config.yaml:3:5 column "a": output_format is missing',
      'error config.yaml:4:101 column "b": output_format has to be a map with a JSON Schema in it',
      'error config.yaml:12:24 column "c": output_format.properties.level.type is no JSON Schema: must be equal to one of the allowed values: array, boolean, integer, null, number, object, string',
      'error config.yaml:13:37 column "c": output_format.properties.tags.items is no JSON Schema: must be object or boolean',
      'error config.yaml:14:17 column "c": output_format.required is no JSON Schema: must be array',
      `error config.yaml:15:101 column "d": output_format cannot be used as a JSON Schema: can't resolve reference #/$defs/Gone`,
      'error config.yaml:16:101 column "e": output_format cannot be used as a JSON Schema: invalid regular expression: /(/u: Unterminated group',
    ],
  },
  'schemas that require what they have no property for': {
    files: columns(`
  - name: c
    column_type: llm-structured
    prompt: Rate
    model_alias: writer
    output_format:
      type: object
      properties:
        level: { type: integer }
        parts: { type: array, items: { properties: { a: {} }, required: [a, extra], additionalProperties: false } }
        open: { properties: { a: {} }, required: [b], additionalProperties: true }
        joined: { allOf: [{ properties: { a: {} } }, { properties: { b: {} }, required: [a] }] }
      required: [lvel]
`),
    says: [
      'warning config.yaml:4:13 column "c": prompt names no column: every row gets the same prompt',
      'error config.yaml:10:77 column "c": output_format.properties.parts.items.required[1] "extra" is required but not among the properties, so no answer could be taken: add it there',
      'error config.yaml:13:18 column "c": output_format.required[0] "lvel" is required but not among the properties, so no answer could be taken: did you mean "level"?',
    ],
  },
  'schemas with references that are not followed': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - name: a
    column_type: llm-structured
    prompt: "{{ id }}"
    model_alias: writer
    output_format:
      $id: https://example.com/a
      properties:
        main: { $ref: "#person" }
        other: { $ref: "https://example.com/person.json" }
        all: { items: { $ref: "#/" } }
        rest: { $dynamicRef: "#person" }
        $ref: { const: { $ref: "of no meaning" } }
        self: { $ref: "#" }
        again: { $ref: "#/$defs/person" }
      $defs:
        person: { $anchor: person, properties: { name: { type: string } } }
        pet: { $id: https://example.com/pet }
`),
    says: [
      'error config.yaml:10:23 column "a": output_format.properties.main["$ref"] has to be "#" or begin with "#/": other references are not supported',
      'error config.yaml:11:24 column "a": output_format.properties.other["$ref"] has to be "#" or begin with "#/": other references are not supported',
      'error config.yaml:12:31 column "a": output_format.properties.all.items["$ref"] has to be "#" or begin with "#/": other references are not supported',
      'error config.yaml:13:30 column "a": output_format.properties.rest["$dynamicRef"] is not supported: parts of a schema are referred to by "$ref": "#/…"',
      'error config.yaml:19:21 column "a": output_format["$defs"].pet["$id"] is not supported: parts of a schema are referred to by "$ref": "#/…"',
    ],
  },
  'wrong scores': {
    files: columns(`
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: llm-judge, prompt: "{{ id }}", model_alias: writer }
  - { name: b, column_type: llm-judge, prompt: "{{ id }}", model_alias: writer, scores: [] }
  - name: c
    column_type: llm-judge
    prompt: "{{ id }}"
    model_alias: writer
    scores:
      - { name: tone, description: How it sounds, options: {} }
      - { name: tone, description: Again, options: { Good: fine, good: fine too } }
      - { name: form, description: Its form, option: { 1: bad } }
      - { name: size, description: Its size, options: { 1: [bad] } }
`),
    says: [
      'error config.yaml:3:5 column "a": scores is missing',
      'error config.yaml:4:89 column "b": scores has to have at least 1 item',
      'error config.yaml:10:60 column "c": scores[0].options has to have at least 1 option',
      'error config.yaml:11:52 column "c": scores[1].options has options "Good" and "good", which an answer cannot tell apart',
      'error config.yaml:12:9 column "c": scores[2].options is missing',
      'error config.yaml:12:46 column "c": no field "option", did you mean "options"?',
      'error config.yaml:13:60 column "c": scores[3].options["1"] has to be text, not a list',
    ],
  },

  // Models and providers
  'a model without a provider': {
    files: model('\n    modle: x\n'),
    says: [
      'error config.yaml:4:5 model "m": model is missing',
      'error config.yaml:4:5 model "m": provider is missing',
      'error config.yaml:5:5 model "m": no field "modle", did you mean "model"?',
    ],
  },
  'a model twice': {
    files: model('\n    model: x\n    provider: p\n  - { alias: m, model: y, provider: p }\n'),
    says: ['error config.yaml:7:14 model "m": alias "m" is the name of an earlier model'],
  },
  'wrong inference parameters': {
    files: model(`
    model: x
    provider: p
    inference_parameters:
      generation_type: chat
      temperature: 3
      top_p: { distribution_type: uniform, params: { low: 0.9, high: 0.4 } }
      max_tokens: 0
      max_parallel_requests: none
      timeout: 0.5
      extra_body: []
      temprature: 1
`),
    says: [
      'error config.yaml:8:24 model "m": inference_parameters.generation_type has to be chat-completion, not "chat", did you mean "chat-completion"?',
      'error config.yaml:9:20 model "m": inference_parameters.temperature has to be at most 2, not 3',
      'error config.yaml:10:59 model "m": inference_parameters.top_p.params.low has to be at most high 0.4, not 0.9',
      'error config.yaml:11:19 model "m": inference_parameters.max_tokens has to be at least 1, not 0',
      'error config.yaml:12:30 model "m": inference_parameters.max_parallel_requests has to be a number, not "none"',
      'error config.yaml:13:16 model "m": inference_parameters.timeout has to be a whole number, not 0.5',
      'error config.yaml:14:19 model "m": inference_parameters.extra_body has to be a map, not a list',
      'error config.yaml:15:7 model "m": no field "temprature" in inference_parameters, did you mean "temperature"?',
    ],
  },
  'wrong distributions': {
    files: model(`
    model: x
    provider: p
    inference_parameters:
      temperature: { distribution_type: normal, params: { low: 0, high: 1 } }
      top_p: { distribution_type: manual, params: { values: [0.5, 2], weights: [1] } }
`),
    says: [
      'error config.yaml:8:41 model "m": inference_parameters.temperature.distribution_type has to be uniform or manual, not "normal"',
      'error config.yaml:9:67 model "m": inference_parameters.top_p.params.values[1] has to be at most 1, not 2',
      'error config.yaml:9:80 model "m": inference_parameters.top_p.params.weights has to be as long as values: 2 items, not 1',
    ],
  },
  'a temperature that is text': {
    files: model('\n    model: x\n    provider: p\n    inference_parameters: { temperature: hot }\n'),
    says: [
      'error config.yaml:7:42 model "m": inference_parameters.temperature has to be a number or a map, not "hot"',
    ],
  },
  'an unknown provider': {
    files: {
      'config.yaml': `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: body, column_type: llm-text, prompt: "{{ id }}", model_alias: m }
model_configs:
  - { alias: m, model: x, provider: opnai }
`,
    },
    says: ['error config.yaml:5:37 model "m": no provider "opnai", did you mean "openai"? (in provider)'],
  },
  'a variable that is not set': {
    files: {
      'config.yaml': `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: body, column_type: llm-text, prompt: "{{ id }}", model_alias: m }
model_configs:
  - { alias: m, model: x, provider: nvidia }
`,
    },
    says: ['error NVIDIA_API_KEY is not set (provider "nvidia") · to try without: --simulate'],
  },
  'an endpoint with what is never sent': {
    files: provider('\n      endpoint: http://localhost/v1#chat\n'),
    says: [
      'error config.yaml:6:17 provider "p": endpoint has a part after "#", which is never sent: leave it out',
    ],
  },
  'an endpoint with the whole path': {
    files: provider('\n      endpoint: http://localhost/v1/chat/completions?a=1\n'),
    says: [
      'error config.yaml:6:17 provider "p": endpoint ends with /chat/completions, which is put behind it: leave that out',
    ],
  },
  'headers that cannot be sent': {
    files: provider(
      '\n      endpoint: http://localhost\n      extra_headers: { "x y": a, Content-Length: "3", x-one: "a\\nb", x-two: “a” }\n',
    ),
    says: [
      'error config.yaml:7:31 provider "p": extra_headers["x y"] is no header that can be set',
      'error config.yaml:7:50 provider "p": extra_headers.Content-Length is no header that can be set',
      'error config.yaml:7:62 provider "p": extra_headers.x-one holds what no header can carry: a line break, or a letter outside Latin-1',
      'error config.yaml:7:77 provider "p": extra_headers.x-two holds what no header can carry: a line break, or a letter outside Latin-1',
    ],
  },
  'a provider without an endpoint': {
    files: provider('\n      api_key: null\n'),
    says: ['error config.yaml:5:7 provider "p": endpoint is missing'],
  },
  'an endpoint that is no URL': {
    files: provider('\n      endpoint: localhost:8000\n'),
    says: ['error config.yaml:6:17 provider "p": endpoint has to be a URL such as http://localhost:8000/v1'],
  },
  "more than Anthropic's models can do": {
    files: {
      'config.yaml': `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - name: a
    column_type: llm-text
    prompt: Hear
    model_alias: m
    multi_modal_context: [{ column_name: id }, { column_name: id, modality: audio }]
  - { name: b, column_type: embedding, target_column: a, model_alias: e }
  - { name: c, column_type: image, prompt: "{{ id }}", model_alias: i }
model_configs:
  - { alias: m, model: claude, provider: p, inference_parameters: { extra_body: { seed: 3, top_k: 5 } } }
  - { alias: e, model: claude, provider: p, inference_parameters: { encoding_format: float } }
  - { alias: i, model: claude, provider: p, inference_parameters: { generation_type: image } }
  - { alias: unused, model: claude, provider: p, inference_parameters: { generation_type: image } }
rowloom:
  providers:
    - name: p
      provider_type: Anthropic
      endpoint: https://api.anthropic.com/v1/messages
      extra_body: { presence_penalty: 1 }
`,
    },
    says: [
      'error config.yaml:7:77 column "a": multi_modal_context[1].modality is audio, which models of provider_type anthropic do not take',
      'warning config.yaml:11:83 model "m": inference_parameters.extra_body.seed is left out: the provider has no such field',
      'error config.yaml:12:42 model "e": provider is of provider_type anthropic, which makes no embeddings: use another provider',
      'error config.yaml:13:42 model "i": provider is of provider_type anthropic, which makes no images: use another provider',
      'error config.yaml:19:17 provider "p": endpoint ends with /messages, which is put behind it: leave that out',
      'warning config.yaml:20:21 provider "p": extra_body.presence_penalty is left out: the provider has no such field',
    ],
  },
  'an unknown provider type': {
    files: provider('\n      endpoint: http://localhost\n      provider_type: opnai\n'),
    says: [
      'error config.yaml:7:22 provider "p": provider_type has to be openai, anthropic or simulated, not "opnai", did you mean "openai"?',
    ],
  },
  'secrets in clear': {
    files: provider(`
      endpoint: https://user:pass@example.com/v1?api_key=123
      api_key: sk-1234567890abcdef
      extra_headers: { Authorization: Bearer abcdefgh, X-Api-Key: 123456, X-Title: fine }
      extra_body: { nested: { api_key: abc } }
`),
    says: [
      'error config.yaml:6:17 provider "p": endpoint holds a secret in clear: put it into an environment variable and name that in api_key or a header',
      'error config.yaml:7:16 provider "p": api_key is no name of an environment variable; if it is the key itself, put it into an environment variable and name that',
      `error config.yaml:8:39 provider "p": extra_headers.Authorization holds a secret in clear: put it into an environment variable and name that as \${NAME}`,
      `error config.yaml:8:67 provider "p": extra_headers.X-Api-Key holds a secret in clear: put it into an environment variable and name that as \${NAME}`,
      'error config.yaml:9:40 provider "p": extra_body.nested.api_key holds a secret in clear: requests are kept in the store',
    ],
  },
  'a key that looks like a name': {
    files: provider('\n      endpoint: http://localhost\n      api_key: abcdef0123456789\n'),
    says: [
      'error the environment variable that api_key names is not set (provider "p") · to try without: --simulate',
    ],
  },
  'a header with a variable that is not set': {
    files: provider(
      `\n      endpoint: http://localhost\n      extra_headers: { Authorization: "Bearer \${MY_TOKEN}" }\n`,
    ),
    says: ['error MY_TOKEN is not set (provider "p") · to try without: --simulate'],
  },
  'a simulation of a real provider': {
    files: provider(
      '\n      endpoint: http://localhost\n      simulation: { latency_ms: -1, error_rate: 2 }\n',
    ),
    says: [
      'error config.yaml:7:33 provider "p": simulation.latency_ms has to be at least 0, not -1',
      'error config.yaml:7:49 provider "p": simulation.error_rate has to be at most 1, not 2',
    ],
  },
  'a provider file that is not there': {
    files: {
      'config.yaml': `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: body, column_type: llm-text, prompt: "{{ id }}", model_alias: m }
model_configs: [{ alias: m, model: x, provider: mine }]
`,
    },
    changes: { environment: { ROWLOOM_PROVIDERS: 'gone.yaml' } },
    says: [
      'error config.yaml:4:49 model "m": no provider "mine" (in provider)',
      'error gone.yaml does not exist: ROWLOOM_PROVIDERS names it',
    ],
  },
  'a provider file with mistakes': {
    files: {
      'config.yaml': `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: body, column_type: llm-text, prompt: "{{ id }}", model_alias: m }
model_configs: [{ alias: m, model: x, provider: mine }]
`,
      'home/.config/rowloom/providers.yaml':
        'provider: []\nproviders:\n  - { name: mine, endpoint: nowhere }\n  - { name: other, endpoint: nowhere }\n',
    },
    says: [
      'error ~/.config/rowloom/providers.yaml:1:1 no field "provider", did you mean "providers"?',
      'error ~/.config/rowloom/providers.yaml:3:29 provider "mine": endpoint has to be a URL such as http://localhost:8000/v1',
    ],
  },
  "a key in clear in Data Designer's own file": {
    files: {
      'config.yaml': `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: body, column_type: llm-text, prompt: "{{ id }}", model_alias: m }
model_configs: [{ alias: m, model: x, provider: mine }]
`,
      'home/.data-designer/model_providers.yaml':
        'default: mine\nproviders:\n  - { name: mine, endpoint: https://example.com/v1, api_key: sk-1234567890abcdef }\n',
    },
    says: [
      'error ~/.data-designer/model_providers.yaml:3:62 provider "mine": api_key is no name of an environment variable; if it is the key itself, put it into an environment variable and name that',
    ],
  },

  // Seeds
  'a seed type that only Python has': {
    files: besides('\nseed_config: { source: { seed_type: df } }\n'),
    says: [
      'error config.yaml:2:37 seed_config.source.seed_type "df" is a table in the memory of Python: run the program itself, or write the table to a file, df.to_parquet("seeds.parquet"), and name that with seed_type local',
    ],
  },
  'what plugins of Data Designer bring': {
    files: {
      'config.yaml': `columns:
  - { name: id, column_type: markdown-sections }
processors: [{ name: p, processor_type: deduplicate-fuzzily }]
seed_config: { source: { seed_type: warehouse-rows } }
`,
    },
    says: [
      'error config.yaml:2:30 column "id": no column_type "markdown-sections"; if a plugin brings it: make it a custom column whose task_queue is that of a worker in Python',
      'error config.yaml:3:41 processor "p": no processor_type "deduplicate-fuzzily"; if a plugin brings it: make it a function of a module, under rowloom.processors',
      'error config.yaml:4:37 no seed_type "warehouse-rows"; if a plugin brings it: run the program that builds the config, in Python, or write the rows to a file',
    ],
  },
  'a token in a document': {
    files: besides('\nseed_config: { source: { seed_type: hf, path: datasets/a/b/*, token: hf_secret } }\n'),
    says: [
      'error config.yaml:2:70 seed_config.source.token has to be the name of an environment variable, such as HF_TOKEN, not a token',
    ],
  },
  'a folder without files, and one that is not there': {
    files: besides('\nseed_config: { source: { seed_type: directory, path: docs } }\n'),
    says: [
      'error config.yaml:2:54 seed_config.source.path names no folder: there is no docs in the working directory or beside the document',
    ],
  },
  'a wrong seed config': {
    files: besides(`
seed_config:
  source: { seed_type: locl }
  sampling_strategy: shuffel
  selection_strategy: { start: 5, end: 2 }
`),
    says: [
      'error config.yaml:3:24 no seed_type "locl", did you mean "local"?',
      'error config.yaml:4:22 seed_config.sampling_strategy has to be ordered or shuffle, not "shuffel", did you mean "shuffle"?',
      'error config.yaml:5:32 seed_config.selection_strategy.start has to be at most end 2, not 5',
    ],
  },
  'a wrong partition': {
    files: besides(`
seed_config:
  source: { seed_type: local, path: x.csv }
  selection_strategy: { index: 3, num_partitions: 3, of: 3 }
`),
    says: [
      'error config.yaml:4:32 seed_config.selection_strategy.index has to be below num_partitions 3, not 3',
      'error config.yaml:4:54 no field "of" in seed_config.selection_strategy',
    ],
  },
  'seed files that are not there': {
    files: { ...besides('\nseed_config: { source: { seed_type: local, path: "seeds/*.csv" } }\n') },
    says: [
      'error config.yaml:2:50 seed_config.source.path names no file: there is no seeds/*.csv in the working directory or beside the document',
    ],
  },
  'an absolute seed file that is not there': {
    files: { ...besides('\nseed_config: { source: { seed_type: local, path: /nowhere/seeds.csv } }\n') },
    says: ['error config.yaml:2:50 seed_config.source.path names no file: there is no /nowhere/seeds.csv'],
  },
  'two different seed files of one relative path': {
    files: {
      'configs/config.yaml':
        'seed_config: { source: { seed_type: local, path: s.csv } }\ncolumns: [{ name: id, column_type: sampler, sampler_type: uuid }]\n',
      's.csv': 'a\n1\n',
      'configs/s.csv': 'a\n2\n',
    },
    changes: { file: 'configs/config.yaml' },
    says: [
      'error configs/config.yaml:1:50 seed_config.source.path names two things: s.csv in the working directory and beside the document differ; write an absolute path',
    ],
  },
  'a selection that is beyond the source': {
    files: seeds('s.csv', 'name\nAda\nBob\n', '\n  selection_strategy: { start: 5, end: 9 }'),
    says: [
      'error config.yaml:3:40 seed_config.selection_strategy.end is 9, and the source has 2 rows, numbered from 0',
    ],
  },
  'a selection whose end is the number of rows': {
    files: seeds('s.csv', 'name\nAda\nBob\n', '\n  selection_strategy: { start: 0, end: 2 }'),
    says: [
      'error config.yaml:3:40 seed_config.selection_strategy.end is 2, and the source has 2 rows, numbered from 0',
    ],
  },
  'more partitions than rows': {
    files: seeds('s.csv', 'name\nAda\n', '\n  selection_strategy: { index: 0, num_partitions: 2 }'),
    says: [
      'error config.yaml:3:51 seed_config.selection_strategy.num_partitions is 2, and the source has 1 row',
    ],
  },
  'a seed column of the name of a column': {
    files: seeds('s.csv', 'name,greeting\nAda,Hi\n'),
    says: [
      'error config.yaml:4:13 column "greeting": name "greeting" is the name of a seed column too: rename this one, or leave it out to keep the seed\'s',
    ],
  },
  'seed columns whose names cannot be': {
    files: seeds('s.csv', 'name,_internal_row_id,__proto__\nAda,1,2\n'),
    says: [
      'error config.yaml:2:37 seed_config.source.path has a column "_internal_row_id" whose name "_internal_row_id" is taken by Rowloom',
      'error config.yaml:2:37 seed_config.source.path has a column "__proto__" whose name "__proto__" is taken by Rowloom',
    ],
  },
  'an unknown seed column': {
    files: seeds('s.csv', 'nmae\nAda\n'),
    says: ['error config.yaml:4:64 column "greeting": no column "name", did you mean "nmae"? (in expr)'],
  },
  'a declared seed column that is not there': {
    files: {
      'config.yaml': `seed_config: { source: { seed_type: local, path: s.csv } }
columns:
  - { name: nam, column_type: seed-dataset, drop: true }
  - { name: greeting, column_type: expression, expr: "Hello {{ name }}" }
`,
      's.csv': 'name\nAda\n',
    },
    says: [
      'error config.yaml:3:13 column "nam": name "nam" is no column of the seed source, did you mean "name"?',
    ],
  },
  'a declared seed column without seeds': {
    files: columns(
      '\n  - { name: name, column_type: seed-dataset }\n  - { name: id, column_type: sampler, sampler_type: uuid }\n',
    ),
    says: ['error config.yaml:2:13 column "name": name is of a seed column, and there is no seed_config'],
  },
  'a seed file of an unknown kind': {
    files: seeds('s.xlsx', 'x'),
    says: [
      'error s.xlsx is no seed file: its name has to end in .csv, .tsv, .json, .jsonl or .parquet; .gz or .zst may follow all but the last',
    ],
  },
  'an empty seed file': { files: seeds('s.csv', ''), says: ['error s.csv is empty'] },
  'a seed file without rows': { files: seeds('s.csv', 'name\n'), says: ['error s.csv has no rows'] },
  'a CSV header with a name twice': {
    files: seeds('s.csv', 'name,name\nAda,Bob\n'),
    says: ['error s.csv:1 has column "name" twice in its header'],
  },
  'a CSV header with no name': {
    files: seeds('s.csv', 'name,\nAda,Bob\n'),
    says: ['error s.csv:1 has no name for column 2 in its header'],
  },
  'CSV rows of other lengths': {
    files: seeds('s.csv', 'name,age\nAda\nBob,5,6\nEve,7\n'),
    says: [
      'error s.csv:2 has 1 cell where the header has 2',
      'error s.csv:3 has 3 cells where the header has 2',
    ],
  },
  'a CSV quote that is never closed': {
    files: seeds('s.csv', 'name\n"Ada\nBob\n'),
    says: ['error s.csv:2 has a quoted cell that is never closed'],
  },
  'CSV that is no UTF-8': {
    files: seeds('s.csv', new Uint8Array([0x6e, 0x61, 0x0a, 0xff, 0x0a])),
    says: ['error s.csv:2 is not UTF-8 text: save it as UTF-8'],
  },
  'JSONL with broken lines': {
    files: seeds('s.jsonl', '{"name": "Ada"}\n{"name": \n[1]\n{"name": "Eve"}\n'),
    says: [
      `error s.jsonl:2 is not JSON: Object value expected after ':' at position 8`,
      'error s.jsonl:3 is not an object',
    ],
  },
  'JSON that is no list': {
    files: seeds('s.json', '{"name": "Ada"'),
    says: ['error s.json:1 has an object here that is never closed'],
  },
  'JSON without objects': {
    files: seeds('s.json', '["Ada"]'),
    says: ['error s.json:1 has a text where an object should be'],
  },
  'JSON with a comma too many': {
    files: seeds('s.json', '[\n  {"name": "Ada"},\n]'),
    says: ['error s.json:3 has "]" where an object should be'],
  },
  'JSON that is cut off': {
    files: seeds('s.json', '[\n  {"name": "Ada"},\n  {"name": "B'),
    says: ['error s.json:3 has an object here that is never closed'],
  },
  'JSON after its end': {
    files: seeds('s.json', '[{"name": "Ada"}]\n[{"name": "Bob"}]'),
    says: ['error s.json:2 has "[" where the end of the file should be'],
  },
  'JSON of no columns': { files: seeds('s.json', '[{}, {}]'), says: ['error s.json has no columns'] },
  'JSON that is no UTF-8': {
    files: seeds('s.json', Buffer.from('[{"name": "Ada"},\n{"name": "\xff"}]', 'latin1')),
    says: ['error s.json:2 is not UTF-8 text: save it as UTF-8'],
  },
  'JSON nested too deeply': {
    files: seeds('s.json', `[{"name": "Ada"},\n{"name": ${'['.repeat(100_000)}${']'.repeat(100_000)}}]`),
    says: ['error s.json:2 is not JSON: Cannot read the text: it is nested more than 200 levels deep'],
  },
  'JSON with the key __proto__': {
    files: seeds('s.json', '[{"name": "Ada", "__proto__": {"x": 1}}]'),
    says: [
      'error config.yaml:2:37 seed_config.source.path has a column "__proto__" whose name "__proto__" is taken by Rowloom',
    ],
  },
  'JSONL that is no UTF-8': {
    files: seeds('s.jsonl', Buffer.from('{"name": "Ada"}\n{"name": "\xff"}\n', 'latin1')),
    says: ['error s.jsonl:2 is not UTF-8 text: save it as UTF-8'],
  },
  'JSONL whose last line is cut off': {
    files: seeds('s.jsonl', '{"name": "Ada"}\n{"name": "B'),
    says: [`error s.jsonl:2 is not JSON: End of string '"' expected but reached end of input at position 11`],
  },
  'JSONL that is a list': {
    files: seeds('s.jsonl', '[{"name": "Ada"}]\n'),
    says: ['error s.jsonl:1 is not an object'],
  },
  'JSONL with numbers that are none': {
    files: seeds('s.jsonl', '{"name": nan}\n{"name": 1e999}\n'),
    says: [
      `error s.jsonl:1 is not JSON: Object value expected after ':' at position 9`,
      'error s.jsonl:2 is not JSON: Cannot read the number 1e999: it is too large for a float',
    ],
  },
  'JSONL with a key twice': {
    files: seeds('s.jsonl', '{"name": "Ada", "name": "Bob"}\n'),
    says: [`error s.jsonl:1 is not JSON: Duplicate key 'name' encountered at position 17`],
  },
  'CSV in UTF-16': {
    files: seeds('s.csv', Buffer.from('\ufeffname\nAda\n', 'utf16le')),
    says: ['error s.csv:1 is UTF-16 text: save it as UTF-8'],
  },
  'CSV with text after a quote': {
    files: seeds('s.csv', 'name,age\n"Ada"x,36\n'),
    says: ['error s.csv:2 has text after a closing quote: inside a quoted cell a quote is written twice'],
  },
  'CSV with more mistakes than anyone reads': {
    files: seeds('s.csv', `name,age\n${'Ada\n'.repeat(50)}`),
    says: [
      ...Array.from({ length: 20 }, (_, row) => `error s.csv:${row + 2} has 1 cell where the header has 2`),
      'error s.csv has 30 more errors',
    ],
  },
  'Parquet that is cut off': {
    files: seeds('s.parquet', PARQUET.subarray(0, -20)),
    says: ['error s.parquet is damaged, or is no Parquet file: write it again with the program that made it'],
  },
  'Parquet whose data is overwritten': {
    files: seeds('s.parquet', Buffer.from(PARQUET).fill(0xff, 4, 40)),
    says: ['error s.parquet is damaged, or is no Parquet file: write it again with the program that made it'],
  },
  'seed files of several kinds': {
    files: {
      'config.yaml':
        'seed_config: { source: { seed_type: local, path: "seeds/*" } }\ncolumns: [{ name: id, column_type: sampler, sampler_type: uuid }]\n',
      'seeds/a.csv': 'name\nAda\n',
      'seeds/b.jsonl': '{"name": "Bob"}\n',
      'seeds/notes.txt': 'Bob',
    },
    says: [
      'error seeds/b.jsonl is not of the same kind as seeds/a.csv',
      'error seeds/notes.txt is no seed file: its name has to end in .csv, .tsv, .json, .jsonl or .parquet; .gz or .zst may follow all but the last',
    ],
  },
  'a folder of seed files': {
    files: {
      'config.yaml':
        'seed_config: { source: { seed_type: local, path: seeds } }\ncolumns: [{ name: id, column_type: sampler, sampler_type: uuid }]\n',
      'seeds/a.csv': 'name\nAda\n',
    },
    says: [
      'error config.yaml:1:50 seed_config.source.path names no file: there is no seeds in the working directory or beside the document',
    ],
  },
  'mistakes in the document and in two seed files': {
    files: {
      'config.yaml':
        'seed_config: { source: { seed_type: local, path: "*.csv" } }\ncolumns: [{ name: id, column_type: sampler, sampler_type: uuids }]\n',
      'a.csv': 'name\n"Ada\n',
      'b.csv': '',
    },
    says: [
      'error config.yaml:2:59 column "id": no sampler_type "uuids", did you mean "uuid"?',
      'error a.csv:2 has a quoted cell that is never closed',
      'error b.csv is empty',
    ],
  },
  'Parquet that is none': {
    files: seeds('s.parquet', 'PAR1 nothing'),
    says: ['error s.parquet is damaged, or is no Parquet file: write it again with the program that made it'],
  },
  'seed files with other columns': {
    files: {
      'config.yaml':
        'seed_config: { source: { seed_type: local, path: "*.csv" } }\ncolumns: [{ name: id, column_type: sampler, sampler_type: uuid }]\n',
      'a.csv': 'name\nAda\n',
      'b.csv': 'title\nBob\n',
    },
    says: [
      'error b.csv has no column "name", unlike a.csv',
      'error b.csv has a column "title", unlike a.csv',
    ],
  },
};
