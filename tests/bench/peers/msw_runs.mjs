// MSW over HTTP: `node msw_runs.mjs RUNS_FILE PORT`, with its own HTTP middleware.
import { readFileSync } from "node:fs";
import { createServer } from "@mswjs/http-middleware";
import { HttpResponse, http } from "msw";

const [, , file, port] = process.argv;
const runs = new Map(JSON.parse(readFileSync(file, "utf8")).runs.map((run) => [run.id, run]));

createServer(
  http.get("/runs", ({ request }) => {
    const limit = Number(new URL(request.url).searchParams.get("limit"));
    return HttpResponse.json({ items: [...runs.values()].slice(0, limit) });
  }),
  http.get("/runs/:id", ({ params }) => HttpResponse.json(runs.get(params.id))),
  http.post("/runs", async ({ request }) => {
    const run = { id: `made-${runs.size}`, ...(await request.json()) };
    runs.set(run.id, run);
    return HttpResponse.json(run, { status: 201 });
  }),
).listen(Number(port), "127.0.0.1");
