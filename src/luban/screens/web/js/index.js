// luban's own views. They know no framework; `../view.js` is the only place that does.
export { Floor } from "./floor.js";
export { Gantt } from "./gantt.js";
export { Timeline } from "./timeline.js";
export { Tree } from "./tree.js";
export { Trend } from "./trend.js";
