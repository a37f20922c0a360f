// A custom emulator of vercel emulate: `node emulate_runs.mjs RUNS_FILE PORT`.
import { readFileSync } from "node:fs";
import { createEmulator, defineEmulator } from "emulate";

const [, , file, port] = process.argv;
const { runs } = JSON.parse(readFileSync(file, "utf8"));

const service = defineEmulator({
  name: "runs",
  state: () => ({ runs: Object.fromEntries(runs.map((run) => [run.id, run])), made: 0 }),
  setup({ app, state }) {
    app.get("/runs", (c) => {
      const limit = Number(c.req.query("limit"));
      return c.json({ items: Object.values(state.runs).slice(0, limit) });
    });
    app.get("/runs/:id", (c) => c.json(state.runs[c.req.param("id")]));
    app.post("/runs", async (c) => {
      state.made += 1;
      const run = { id: `made-${state.made}`, ...(await c.req.json()) };
      state.runs[run.id] = run;
      return c.json(run, 201);
    });
  },
});

await createEmulator({ service, port: Number(port) });
