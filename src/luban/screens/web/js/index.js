// luban's own views. They know no framework; `../view.js` is the only place that does.
export { Control } from "./control.js";
export { Floor } from "./floor.js";
export { Gantt } from "./gantt.js";
export { Histogram } from "./histogram.js";
export { Timeline } from "./timeline.js";
export { Tree } from "./tree.js";
export { Trend } from "./trend.js";
