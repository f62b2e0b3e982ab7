/** The page's style sheet; charts take their colours from its variables too, so that they follow light and dark. */

/** Okabe and Ito's colours, told apart with colour blindness too; darkened or lightened where the ground asks for it. */
const LIGHT = [
  '#0072b2',
  '#c64f00',
  '#00805e',
  '#a8437f',
  '#8a6d00',
  '#2f88c0',
  '#5c5c66',
  '#7a3db8',
  '#a31621',
  '#3f7d20',
];
const DARK = [
  '#5db8f0',
  '#ff9b57',
  '#3fd6a8',
  '#e79cc6',
  '#e6cc4d',
  '#9bd4ff',
  '#b8b8c4',
  '#c09bf0',
  '#ff8b8b',
  '#9ed67a',
];

export const SERIES = LIGHT.length;
const variables = (colours: readonly string[]) => colours.map((colour, i) => `--series-${i}:${colour};`).join('');

export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1b1f;--soft:#5c5c66;--line:#d9d9e0;--stripe:#f5f5f8;--accent:#0b5cad;--best:#0a6b3d;--bad:#a8071a;--note:#eef4fb;--warning:#fff4dc;${variables(LIGHT)}}
@media (prefers-color-scheme:dark){:root{--paper:#16161a;--ink:#ececf1;--soft:#a5a5b2;--line:#3a3a44;--stripe:#1f1f25;--accent:#7db7f5;--best:#5fd39a;--bad:#ff8e8e;--note:#1b2735;--warning:#352b14;${variables(DARK)}}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:76rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 1rem}
h2{font-size:1.4rem;margin:3rem 0 .75rem;padding-top:1rem;border-top:1px solid var(--line)}
h3{font-size:1.12rem;margin:2rem 0 .5rem}
h4{font-size:1rem;margin:1.5rem 0 .5rem;color:var(--soft)}
p,ul{max-width:48rem}
a{color:var(--accent)}
nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:0}
.note,.warning{padding:.6rem .9rem;border-radius:.4rem;background:var(--note)}
.warning{background:var(--warning)}
pre{overflow-x:auto;background:var(--stripe);padding:.8rem 1rem;border-radius:.4rem;font-size:.85rem;line-height:1.45}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
summary{cursor:pointer;color:var(--accent)}
.table{overflow-x:auto;margin:1rem 0 1.5rem}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding:0 0 .5rem}
caption span{display:block;width:max-content;max-width:min(48rem,calc(100vw - 2.6rem))}
th,td{padding:.38rem .75rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
thead th{border-bottom:2px solid var(--line);vertical-align:bottom;font-weight:600}
th[title]{cursor:help}
tbody th,thead th:first-child{text-align:left;font-weight:600;position:sticky;left:0;background:var(--paper)}
tbody tr:hover td,tbody tr:hover th{background:var(--stripe)}
.floor th,.floor td{color:var(--soft);font-style:italic}
td.best{color:var(--best);font-weight:650}
th.text,td.text{text-align:left;white-space:normal}
td.text{min-width:8rem}
td.bad{color:var(--bad);font-weight:600}
td.muted{color:var(--soft)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1.5rem;margin:1rem 0}
.samples{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:1.25rem;margin:1rem 0}
figure{margin:0;min-width:0}
figure svg{width:100%;height:auto;display:block}
figure img{width:100%;height:auto;display:block;border-radius:.3rem}
figcaption{color:var(--soft);font-size:.88rem;margin-top:.35rem}
@media print{main{max-width:none}.table{overflow:visible}}
`;
