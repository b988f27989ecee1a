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
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(340px,100%),1fr));gap:12px;align-items:start}
.row{margin-bottom:12px}.row dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:8px 16px;margin:10px 0}.row dd{font-size:15px}.wide{overflow-x:auto}
img{display:block;max-width:100%;max-height:30em;margin:8px 0;border-radius:6px}
svg{max-width:100%;font:12px system-ui,sans-serif}svg.bins{display:block;width:100%;margin:8px 0}
svg text{fill:var(--text)}svg text.count{fill:var(--quiet)}
.bins rect{fill:var(--bar)}
.bars{margin:8px 0;font-size:13px}.bars>div{display:grid;grid-template-columns:38% 1fr;gap:8px;margin:3px 0}
.bars span{text-align:right;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bars>div>div{display:flex;align-items:center;gap:6px;padding-right:3.5em;min-width:0}
.bars i{height:16px;min-width:2px;border-radius:3px;background:var(--bar);flex-shrink:0}.bars b{font-weight:400;color:var(--quiet)}
table{border-collapse:collapse;background:var(--card);font-variant-numeric:tabular-nums}
th,td{padding:6px 14px;border:1px solid var(--line);text-align:right;white-space:nowrap;font-weight:400}
th{color:var(--quiet);font-size:13px}th:first-child,td:first-child{text-align:left}tr:last-child td{font-weight:600}
.graph{max-width:none}.graph rect{fill:var(--card);stroke:var(--line)}.graph path{fill:none;stroke:var(--quiet);stroke-opacity:.55}
pre{margin:0;font:13px/1.45 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;max-height:22em;overflow-y:auto}
pre.text{font:14px/1.5 system-ui,sans-serif}
.pair{display:grid;grid-template-columns:3fr 2fr;gap:16px}.pair>div{min-width:0}
@media (max-width:700px){.pair{grid-template-columns:1fr;gap:0}pre.quiet{max-height:12em}}
`);
