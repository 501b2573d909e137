// Glue: holds one of luban's own views inside a page element and passes calls and events through.
import { Control, Floor, Gantt, Histogram, Timeline, Tree, Trend } from "luban-screens";

const VIEWS = { control: Control, histogram: Histogram, floor: Floor, gantt: Gantt, tree: Tree, trend: Trend, timeline: Timeline };

export default {
  template: "<div></div>",
  props: { kind: String, texts: Object },
  mounted() {
    const emit = (name, data) => this.$emit(name, data);
    this.view = new VIEWS[this.kind](this.$el, { texts: this.texts, emit });
    this.$emit("ready", { dark: document.body.classList.contains("body--dark") });
  },
  beforeUnmount() {
    this.view.destroy();
  },
  methods: {
    call(name, ...given) {
      this.view?.[name](...given);
    },
  },
};
