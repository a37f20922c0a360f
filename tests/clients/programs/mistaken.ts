// What a team must not get past the compiler: each line that ends with `wrong` is refused by it.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Schemas = components["schemas"];

const client = createClient<paths>({ baseUrl: "http://localhost" });

export function seconds(run: Schemas["RunView"]): number {
  return run.duration_seconds * 1000; // it may be null: wrong
}

export function advice(code: Schemas["Code"]): string { // codes are missing below: wrong
  switch (code) {
    case "login_required":
      return "sign in";
  }
}

export function isTeapot(problem: Schemas["ErrorResponse"]): boolean {
  return problem.detail.code === "im_a_teapot"; // no such code: wrong
}

export function shown(run: Schemas["RunView"]): unknown {
  return run.score; // no such field: wrong
}

export async function calls(): Promise<void> {
  await client.GET("/api/nonsense", {}); // no such path: wrong
  await client.PUT("/api/runs", {}); // no such method: wrong
  await client.GET("/api/runs", { params: { query: { page: 2 } } }); // no such parameter: wrong
  await client.GET("/api/runs", { params: { query: { status: "lost" } } }); // no such status: wrong
  await client.GET("/api/runs/{run_id}"); // without the run's id: wrong
  await client.POST("/api/runs", { body: { name: "a", task: "eval" } }); // no adapter_id: wrong

  const body = { name: "a", adapter_id: "openpi" };
  await client.POST("/api/runs", { body: { ...body, task: "train" } }); // no such task: wrong
  await client.POST("/api/runs", { body: { ...body, task: "eval", seed: 1 } }); // unknown: wrong

  const path = { run_id: "r" };
  const removed = await client.DELETE("/api/runs/{run_id}", { params: { path } });
  const text: string = removed.data; // a 204 has no body: wrong
  const { data } = await client.GET("/api/runs");
  const items = data.items; // the call may have failed: wrong
  console.log(text, items);
}
