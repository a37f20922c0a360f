// What a team writes against the generated types. Prints, as JSON, what it saw of the server.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Schemas = components["schemas"];
type Run = Schemas["RunView"];
type Problem = Schemas["ErrorResponse"];

const [url, key] = process.argv.slice(2) as [string, string];

const clientOf = (bearer: string) =>
  createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${bearer}` } });

const client = clientOf(key);

/** A code that has no case here would be a function that lacks its return: it does not compile. */
function advice(code: Schemas["Code"]): string {
  switch (code) {
    case "login_required":
    case "invalid_credentials":
      return "sign in";
    case "quota_exceeded":
      return "upgrade";
    case "not_found":
    case "unsupported_action":
    case "not_implemented":
      return "look elsewhere";
    case "validation_error":
    case "unsupported_media_type":
    case "payload_too_large":
      return "mend the request";
    case "forbidden":
      return "ask an admin";
    case "conflict":
      return "load again";
    case "rate_limited":
    case "internal_error":
      return "try later";
  }
}

/** The details are a union, told apart by their members. */
function facts(problem: Problem): string {
  const { details } = problem.detail;
  if (details === null || details === undefined) {
    return "-";
  }
  return "meter" in details
    ? `${details.meter} ${details.used}/${details.limit}`
    : details.errors.map((one) => one.path).join(" ");
}

type Failed = { error?: Problem; response: Response };

/** One line for a call that must have failed. */
function failure({ error, response }: Failed): string {
  if (error === undefined) {
    throw new Error(`${response.url} answered ${response.status}`);
  }
  const { code } = error.detail;
  return `${response.status} ${code}: ${advice(code)} (${facts(error)})`;
}

/** What may be null has to be asked for. */
const took = (run: Run): string =>
  run.duration_seconds === null ? "unknown" : `${run.duration_seconds.toFixed(1)} s`;

async function create(name: string): Promise<Run> {
  const { data, error } = await client.POST("/api/runs", {
    body: { name, adapter_id: "openpi", task: "eval", metrics: { success_rate: 0.5 } },
  });
  if (error) {
    throw new Error(error.detail.message);
  }
  return data;
}

async function page(cursor: string | null): Promise<Schemas["RunPage"]> {
  const { data, error } = await client.GET("/api/runs", { params: { query: { limit: 2, cursor } } });
  if (error) {
    throw new Error(error.detail.message);
  }
  return data;
}

async function everyRun(): Promise<Run[]> {
  const runs: Run[] = [];
  let cursor: string | null = null;
  do {
    const { items, next_cursor } = await page(cursor);
    runs.push(...items);
    cursor = next_cursor;
  } while (cursor !== null);
  return runs;
}

async function main() {
  const created = [await create("first"), await create("second")];
  const listed = await everyRun();
  const last = created[1]!;
  const path = { run_id: last.id };
  const running = await client.GET("/api/runs", { params: { query: { status: "running" } } });
  const full = await client.POST("/api/runs", {
    body: { name: "third", adapter_id: "openpi", task: "eval" },
  });
  const long = await client.GET("/api/runs", { params: { query: { limit: 1000 } } });
  const stranger = await clientOf("wbx_unknown_key_0000000000").GET("/api/me");
  const removed = await client.DELETE("/api/runs/{run_id}", { params: { path } });
  const nothing: undefined = removed.data;
  const gone = await client.GET("/api/runs/{run_id}", { params: { path } });
  const synced = await client.POST("/api/sync/runs", {
    body: { client_run_id: "done", adapter_id: "openpi", task: "rollout", status: "failed" },
  });
  return {
    created: created.map((run) => `${run.status}, ${run.client_run_id}, ${took(run)}`),
    listed: listed.map((run) => `${run.name}: ${took(run)}`),
    running: running.data?.items.map((run) => run.name),
    removed: `${removed.response.status} ${nothing}`,
    failures: [long, stranger, full, gone, synced].map(failure),
  };
}

process.stdout.write(JSON.stringify(await main()));
