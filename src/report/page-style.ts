import { Html } from './html.ts';

/** The look of a report. */
export const STYLE = new Html(`
:root{--back:#f6f6f3;--card:#fff;--text:#1d1f21;--quiet:#64686d;--line:#dcdcd6;--bar:#3a7ca5;--alarm:#b3261e}
@media (prefers-color-scheme:dark){:root{--back:#151719;--card:#1f2225;--text:#e8e8e4;--quiet:#9aa0a6;--line:#363a3e;--bar:#6db3d9;--alarm:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:15px/1.45 system-ui,sans-serif}
main{max-width:1180px;margin:0 auto;padding:20px 16px 60px}
h1{font-size:26px;margin:8px 0 16px;overflow-wrap:anywhere}h2{font-size:19px;margin:32px 0 12px}
h3{font-size:16px;margin:0;overflow-wrap:anywhere}h4{font-size:13px;margin:10px 0 2px;overflow-wrap:anywhere}
p{margin:4px 0}li{overflow-wrap:anywhere}
.quiet{color:var(--quiet)}.alarm{color:var(--alarm);overflow-wrap:anywhere}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(160px,1fr));gap:10px;margin:0}
.facts div,.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 14px;min-width:0}
dt{color:var(--quiet);font-size:13px}dd{margin:0;font-size:17px;overflow-wrap:anywhere}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(340px,100%),1fr));gap:12px}
.row{margin-bottom:12px}.wide{overflow-x:auto}
img{display:block;max-width:100%;max-height:30em;margin:8px 0;border-radius:6px}
svg{max-width:100%;font:12px system-ui,sans-serif}svg.bars{display:block;width:100%;margin:8px 0}
svg text{fill:var(--text)}svg text.count{fill:var(--quiet)}
.bars rect{fill:var(--bar)}
.graph{max-width:none}.graph rect{fill:var(--card);stroke:var(--line)}.graph path{fill:none;stroke:var(--quiet)}
pre{margin:0;font:13px/1.45 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;max-height:22em;overflow-y:auto}
.pair{display:grid;grid-template-columns:3fr 2fr;gap:16px}.pair>div{min-width:0}
@media (max-width:700px){.pair{grid-template-columns:1fr;gap:0}}
`);
