// The filters that templates have: all of Jinja's but `urlize`. Data Designer's secure engine has only some of them.

const SECURE =
  `abs capitalize escape first float forceescape int items last length list lower max min random replace reverse
round sort string title trim truncate unique upper urlencode`.split(/\s+/);

const FILTERS =
  `${SECURE.join(' ')} attr batch center count d default dictsort e filesizeformat format groupby indent join map
pprint reject rejectattr safe select selectattr slice striptags sum tojson wordcount wordwrap xmlattr`.split(
    /\s+/,
  );

/** In the order of the alphabet. */
export const FILTER_NAMES: readonly string[] = FILTERS.sort();

export function hasFilter(name: string): boolean {
  return FILTER_NAMES.includes(name);
}

/** Whether Data Designer's secure engine has a filter. */
export function isSecureFilter(name: string): boolean {
  return SECURE.includes(name);
}

/** What to write in place of filters that Data Designer or Jinja names and templates have not. */
export const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['jsonpath', 'read fields by name, as in {{ value.field[0].name }}'],
  ['urlize', 'write the link: <a href="{{ url }}">{{ url }}</a>'],
]);
