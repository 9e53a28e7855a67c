/**
 * The page's style sheet. Colours are pairs for light and dark; lines of charts keep apart for colour-blind readers
 * (after Okabe and Ito) and stand out from both grounds.
 */
export const style = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#fbfaf8, #14161a);
  --surface: light-dark(#ffffff, #1b1e24);
  --text: light-dark(#1d2024, #e9e7e2);
  --muted: light-dark(#5b6068, #a6abb3);
  --rule: light-dark(#e3e0da, #30353d);
  --accent: light-dark(#0b6a6e, #63cdc8);
  --tint: light-dark(#e8f1f0, #1d2d2f);
  --warning: light-dark(#fdf4dd, #2f2918);
  --warning-rule: light-dark(#c98a04, #d6a431);
  --mask-ground: light-dark(#e9e7e1, #c5c6c9);
  --s0: light-dark(#a85b00, #f0a54a);
  --s1: light-dark(#0a66a8, #6fb5ea);
  --s2: light-dark(#047857, #43c79c);
  --s3: light-dark(#9b3d8c, #dc8fd0);
  --s4: light-dark(#b8410a, #f18861);
  --s5: light-dark(#4b5bc4, #a3aef5);
  --s6: light-dark(#77700a, #d3c94a);
  --s7: light-dark(#8a4a3c, #d2a191);
  --neutral: light-dark(#6d727a, #9aa0a8);
  --space: clamp(1rem, 4vw, 2rem);
}
:root:has(#colors-light:checked) { color-scheme: light }
:root:has(#colors-dark:checked) { color-scheme: dark }
*, ::before, ::after { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth } }
body {
  margin: 0 auto; padding: 0 var(--space) 4rem; max-width: 76rem;
  background: var(--ground); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: break-word;
}
html { background: var(--ground) }
h1, h2, h3 { line-height: 1.2; letter-spacing: -.012em; font-weight: 650; margin: 0; text-wrap: balance }
h1 { font-size: clamp(1.75rem, 5vw, 2.6rem) }
h2 { font-size: 1.45rem }
h3 { font-size: 1.05rem }
p, ul, ol, dl, dd, figure { margin: 0; padding: 0 }
ul, ol { list-style: none }
a { color: var(--accent); text-underline-offset: .2em }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 3px }
main:focus { outline: none }
.skip { position: absolute; left: -99rem; background: var(--surface); padding: .5rem 1rem; z-index: 1 }
.skip:focus { left: 1rem; top: 1rem }
.quiet, .intro, .description, caption, figcaption { color: var(--muted) }
.quiet { font-weight: 400 }

/* Top */
.top { padding: 1.25rem 0 0 }
.top-line { display: flex; flex-wrap: wrap; gap: .5rem 1rem; justify-content: space-between; align-items: center; margin-bottom: clamp(1.5rem, 5vw, 3rem) }
.overline { color: var(--muted); font-size: .875rem }
.lead { font-size: 1.125rem; max-width: 44rem; margin-top: .75rem; color: var(--muted); text-wrap: pretty }
nav { margin-top: 1.5rem; border-block: 1px solid var(--rule); padding: .35rem 0 }
nav ul { display: flex; flex-wrap: wrap; gap: 0 1.5rem }
nav a { display: inline-block; padding: .35rem 0; text-decoration: none; color: var(--text); font-size: .9375rem }
nav a:hover { color: var(--accent); text-decoration: underline }
.colors { border: 1px solid var(--rule); border-radius: 99px; margin: 0; padding: 2px; display: flex; font-size: .8125rem; min-width: 0 }
.colors legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.colors label { cursor: pointer; position: relative }
.colors input { position: absolute; inset: 0; opacity: 0; margin: 0; width: 100%; height: 100%; cursor: pointer }
.colors span { display: block; padding: .2rem .7rem; border-radius: 99px; color: var(--muted) }
.colors input:checked + span { background: var(--tint); color: var(--text) }
.colors input:focus-visible + span { outline: 2px solid var(--accent); outline-offset: 1px }

/* Sections */
section { margin-top: clamp(3rem, 8vw, 4.5rem); scroll-margin-top: 1rem }
.intro { max-width: 46rem; margin-top: .5rem; text-wrap: pretty }
section > * + * { margin-top: 1.25rem }
section > h2 + .intro { margin-top: .5rem }
.missing { border-left: 3px solid var(--rule); padding: .25rem 0 .25rem 1rem; color: var(--muted); max-width: 46rem }
.notices { margin-top: 1.75rem; padding: .9rem 1.15rem; border-radius: 8px; background: var(--warning); border-left: 4px solid var(--warning-rule) }
.notices li + li { margin-top: .4rem }
.tag { display: inline-block; margin-left: .5em; padding: .05em .5em; border: 1px solid var(--rule); border-radius: 99px; font-size: .75rem; font-weight: 400; color: var(--muted); white-space: nowrap }

/* The first figures */
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 1px; background: var(--rule); border: 1px solid var(--rule); border-radius: 10px; overflow: hidden }
.figures > div { background: var(--surface); padding: 1rem 1.25rem 1.1rem }
.figures dt { font-size: .875rem; color: var(--muted) }
.figures dd:nth-of-type(1) { font-size: clamp(1.6rem, 5vw, 2.2rem); font-weight: 600; letter-spacing: -.02em; line-height: 1.25 }
.figures dd:nth-of-type(2) { font-size: .8125rem; line-height: 1.4 }
.figures .main { background: var(--tint) }
.figures .main dd:nth-of-type(1) { color: var(--accent) }

/* Tables */
.scroll { overflow-x: auto; max-width: 100% }
.scroll.tall { overflow: auto; max-height: 36rem; border-bottom: 1px solid var(--rule) }
.scroll.tall thead th { position: sticky; top: 0; background: var(--ground); z-index: 1 }
table { border-collapse: collapse; width: 100%; font-size: .9375rem }
caption { text-align: left; font-size: .8125rem; padding-bottom: .35rem }
th, td { padding: .5rem 1.25rem .5rem 0; text-align: left; vertical-align: middle; border-bottom: 1px solid var(--rule); font-weight: 400 }
th:last-child, td:last-child { padding-right: 0 }
thead th { color: var(--muted); font-size: .8125rem; vertical-align: bottom }
td.number { white-space: nowrap }
.name { font-weight: 600 }
.description { display: block; font-size: .875rem; max-width: 26rem }
.ablation th[scope=row] { min-width: 11rem }
.ablation .bar { min-width: 8rem }
.control th, .control td { border-top: 3px double var(--rule) }
.classes th[scope=row] { white-space: nowrap }
.classes .label { display: inline-block; max-width: 16rem; overflow: hidden; text-overflow: ellipsis; vertical-align: bottom }
.classes td { padding-block: .35rem }
.environment { max-width: 46rem }
.environment th { color: var(--muted); white-space: nowrap; vertical-align: top; width: 1% }
.environment td { overflow-wrap: anywhere; min-width: 9rem }
.bar { display: block; min-width: 5rem; white-space: nowrap }
.bar::after { content: ""; display: block; height: 4px; margin-top: 2px; border-radius: 2px; background: linear-gradient(var(--line), var(--line)) 0/var(--value) 100% no-repeat var(--rule) }
.none { color: var(--muted) }
.swatch { display: inline-block; flex: none; width: .8em; height: .8em; border-radius: 3px; margin-right: .5em; vertical-align: -.04em; box-shadow: 0 0 0 1px light-dark(#0003, #fff5) }

@media screen and (max-width: 46rem) {
  th, td { padding-right: .85rem }
  .ablation th[scope=row] { min-width: 8.5rem }
  .ablation .bar { min-width: 5.5rem }
}

/* Charts */
.s0 { --line: var(--s0) } .s1 { --line: var(--s1) } .s2 { --line: var(--s2) } .s3 { --line: var(--s3) }
.s4 { --line: var(--s4) } .s5 { --line: var(--s5) } .s6 { --line: var(--s6) } .s7 { --line: var(--s7) }
.accent { --line: var(--accent) } .neutral, .neutral-solid { --line: var(--neutral) }
.chart { max-width: 54rem }
.plot { position: relative; margin: .35rem .75rem 1.75rem 3rem; height: clamp(13rem, 38vw, 20rem) }
.plot > svg { display: block; width: 100%; height: 100%; overflow: visible }
.line { fill: none; stroke: var(--line); stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round; vector-effect: non-scaling-stroke }
.line.neutral { stroke-dasharray: 5 5 }
.band { fill: var(--line); stroke: var(--line); stroke-width: .5; opacity: .22; vector-effect: non-scaling-stroke }
.dot { stroke: var(--line); stroke-width: 9; stroke-linecap: round; vector-effect: non-scaling-stroke }
.grid { stroke: var(--rule); stroke-width: 1; vector-effect: non-scaling-stroke }
.mark { stroke: var(--text); stroke-width: 1; stroke-dasharray: 2 3; vector-effect: non-scaling-stroke }
.mark-text { position: absolute; top: -.2rem; padding: 0 .5rem; font-size: .8125rem; white-space: nowrap }
.mark-text.before { transform: translateX(-100%) }
.axis-y span, .axis-x span { position: absolute; font-size: .75rem; color: var(--muted); line-height: 1; white-space: nowrap }
.axis-y span { right: calc(100% + .6rem); transform: translateY(-50%) }
.axis-x span { top: calc(100% + .5rem); transform: translateX(-50%) }
.axis-name { font-size: .75rem; color: var(--muted) }
.axis-name.end { text-align: right; margin-right: .75rem }
.chart-legend { display: flex; flex-wrap: wrap; gap: .35rem 1.5rem; font-size: .9375rem }
.chart-legend svg { margin-right: .5rem; vertical-align: .1em }

/* Pictures */
img { display: block; width: 100%; height: auto; background: var(--mask-ground); border-radius: 4px }
img.flat { image-rendering: pixelated }
figcaption { font-size: .8125rem; line-height: 1.35; margin-top: .35rem }
.heat-scale { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .6rem; font-size: .8125rem; color: var(--muted) }
.ramp { width: 8rem; height: .6rem; border-radius: 3px }
.sample { border-top: 1px solid var(--rule); padding-top: 1rem; margin-top: 1.75rem }
.sample header { display: flex; flex-wrap: wrap; gap: .15rem 1.25rem; align-items: baseline; margin-bottom: .75rem; font-size: .9375rem }
.sample h3 { overflow-wrap: anywhere }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; min-width: 0 }
.legend li { overflow-wrap: anywhere }
.steps { display: grid; grid-template-columns: repeat(var(--narrow), minmax(0, 1fr)) minmax(0, 2.12fr); gap: 1rem; max-width: calc(var(--narrow) * 14.5rem + 28rem) }
.step.last { grid-column: -2 / -1 }
.step { display: grid; gap: .75rem; align-content: start; min-width: 0 }
.step-name { font-size: .8125rem; font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.no-truth { display: grid; place-items: center; min-height: 4rem; padding: .5rem; text-align: center; border: 1px dashed var(--rule); border-radius: 4px; color: var(--muted); font-size: .8125rem }
@media screen and (max-width: 46rem) {
  .steps { grid-template-columns: minmax(0, 1fr) }
  .step.last { grid-column: auto; grid-template-columns: 1fr }
  .step { grid-template-columns: 1fr 1fr; gap: .25rem .75rem }
  .step-name { grid-column: 1 / -1 }
}

/* Prompts */
.prompts { display: grid; gap: 2rem var(--space); grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)) }
.prompt { border-top: 1px solid var(--rule); padding-top: 1rem; min-width: 0 }
.prompt h3 { overflow-wrap: anywhere }
.nearest { margin: .6rem 0 1rem; max-width: 24rem; font-size: .9375rem }
.nearest.long { max-width: 34rem; columns: 12rem 2; column-gap: 1.25rem }
.nearest li { break-inside: avoid; margin-bottom: .15rem; display: flex; justify-content: space-between; gap: .75rem; padding: .1rem .4rem; border-radius: 3px; background: linear-gradient(90deg, transparent calc(var(--zero) - .5px), var(--muted) calc(var(--zero) - .5px) calc(var(--zero) + .5px), transparent calc(var(--zero) + .5px)), linear-gradient(90deg, transparent var(--from), var(--tint) var(--from) var(--to), transparent var(--to)) }
.nearest .word { min-width: 0; overflow-wrap: anywhere }
.nearest li:first-child .word { font-weight: 600 }
.nearest .number { color: var(--muted) }
.maps { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(7rem, 1fr)); margin-top: .6rem }
.words { color: var(--muted); font-size: .875rem; max-width: 60rem }

/* Training */
.stages { display: grid; gap: 2.5rem var(--space); grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)) }
.stage { min-width: 0; max-width: 46rem }
.stage .chart { margin-top: .75rem }
.stage .plot { height: 12rem }
.sparklines { display: grid; gap: .75rem 1.25rem; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); margin-top: .5rem }
.sparkline { font-size: .8125rem; min-width: 0 }
.sparkline svg { display: block; width: 100%; height: 2.5rem }
.sparkline .line { stroke-width: 1.5 }
.sparkline figcaption { margin: 0 }

/* What opens */
details { border-block: 1px solid var(--rule); padding: .6rem 0 }
details[open] > summary { margin-bottom: .75rem }
summary { cursor: pointer; color: var(--accent); font-size: .9375rem; width: fit-content }
summary:hover { text-decoration: underline; text-underline-offset: .2em }
pre { margin: 0; font: .8125rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; padding: 1rem; background: var(--surface); border: 1px solid var(--rule); border-radius: 8px; width: max-content; min-width: 100% }
footer { margin-top: 4rem; border-top: 1px solid var(--rule); padding-top: 1rem; color: var(--muted); font-size: .875rem }

@media print {
  :root:root { color-scheme: light }
  body { max-width: none; padding: 0; font-size: 10pt }
  nav, .colors, .skip { display: none }
  .scroll, .scroll.tall { overflow: visible; max-height: none }
  .scroll.tall thead th { position: static }
  .sample, .prompt, .stage, tr, figure { break-inside: avoid }
  h2, h3, .intro { break-after: avoid }
  details::details-content { content-visibility: visible; height: auto }
  img, .swatch, .bar::after, .ramp, .nearest li, .figures div, .notices { -webkit-print-color-adjust: exact; print-color-adjust: exact }
}
`
