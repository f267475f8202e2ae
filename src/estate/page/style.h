// The one style sheet of the pages. Every colour of text stands 4.5 : 1 against its ground, every colour of a bar 3 : 1 against
// white (tests/estate looks with axe-core). A change changes the page's policy by itself: its hash is made from this text.
#pragma once
#include <string_view>

namespace bascule::estate {

inline constexpr std::string_view kStyle = R"css(
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem 1.5rem 3rem; font: 1rem/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff; overflow-wrap: anywhere; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: .5rem 0; }
h2 { font-size: 1.35rem; margin: 2.2rem 0 .6rem; border-bottom: 2px solid #1f4e79; padding-bottom: .2rem; }
h3 { font-size: 1.1rem; margin: 1.4rem 0 .4rem; }
p { max-width: 60rem; margin: .5rem 0; }
a { color: #0b4f8a; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; background: #fff; padding: .4rem .8rem; }
:focus-visible { outline: 3px solid #b3541e; outline-offset: 2px; }
main:focus { outline: none; }
nav ol { margin: .5rem 0; padding-left: 1.4rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .8rem; margin: 1rem 0; padding: 0; }
.facts > div { border: 1px solid #767d86; border-radius: .3rem; padding: .6rem .8rem; }
.facts dt { font-size: .9rem; color: #4a525c; }
.facts dd { margin: 0; font-size: 1.4rem; font-weight: 600; }
.facts dd .label { font-weight: 400; }
.wide { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { border: 1px solid #c3c9d0; padding: .3rem .5rem; text-align: left; vertical-align: top; min-width: 5rem; }
td ul { margin: 0; padding-left: 1.1rem; }
td, .label { overflow-wrap: anywhere; }
thead th { background: #eef2f6; overflow-wrap: normal; }
tbody th { font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.label { display: inline-block; font-size: .82rem; color: #4a525c; border-left: .3rem solid #767d86; padding-left: .35rem; }
.label.declared { border-color: #1f4e79; }
.label.measured, .label.enforced { border-color: #1d6b36; }
.label.unknown { border-color: #8a5a00; color: #6b4600; }
.answer { font-weight: 600; }
.answer.allowed { color: #1d6b36; }
.answer.refused { color: #9b1c1c; }
.answer.undecided, .answer.unknown { color: #6b4600; }
.note { border-left: .35rem solid #1f4e79; background: #eef2f6; padding: .5rem .8rem; margin: .8rem 0; max-width: 60rem; }
.warning { border-left: .35rem solid #9b1c1c; background: #fdf0ee; padding: .5rem .8rem; margin: .8rem 0; max-width: 60rem; }
details { border: 1px solid #c3c9d0; border-radius: .3rem; margin: .5rem 0; }
summary { cursor: pointer; padding: .45rem .7rem; font-weight: 600; }
details > div { padding: 0 .8rem .6rem; }
figure { margin: 1rem 0; }
svg { display: block; width: 100%; height: auto; max-width: 60rem; }
svg text { font: 13px system-ui, sans-serif; fill: #1b1f24; }
.k0 { fill: #1d6b36; } .k1 { fill: #9b1c1c; } .k2 { fill: #8a5a00; } .k3 { fill: #1f4e79; }
.k4 { fill: #6a3d9a; } .k5 { fill: #5c6670; } .k6 { fill: #0f766e; } .k7 { fill: #b3541e; }
.axis { fill: #e3e7ec; }
footer { margin-top: 3rem; border-top: 1px solid #c3c9d0; padding-top: .8rem; font-size: .9rem; color: #4a525c; }
code { font: .92em ui-monospace, monospace; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .skip { display: none; }
  section { break-before: auto; }
  h2, h3, caption, summary { break-after: avoid; }
  tr, figure { break-inside: avoid; }
  .wide { overflow: visible; }
  details::details-content { content-visibility: visible; height: auto; display: block; }
  details > div { display: block; }
}
)css";

}  // namespace bascule::estate
