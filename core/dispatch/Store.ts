/** Runs and attempts in the database. The only place that knows their tables. */
import { Context, Effect, Layer } from "effect"
import type { Source } from "../pipeline/Plan.ts"
import { Sql, type Transaction } from "../services/Sql.ts"
import type {
  AttemptEnd,
  AttemptRow,
  CallRow,
  ListFilter,
  NewAttempt,
  NewCall,
  NewRun,
  RunEnd,
  RunRow,
} from "./Rows.ts"

/** How one cuts a run for a list: its prompt and answer may be megabytes. */
const listed = `n, run_id, state, project, cwd, pipeline, substr(prompt, 1, 200) as prompt, '{}' as input, plan_hash,
  parent_run, permission, client, accepted_at, started_at, ended_at, substr(answer, 1, 200) as answer, null as answer_data,
  null as answer_ref, answered_by, failure, cancel_requested`

const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value))

const insertRun = (t: Transaction, run: NewRun) =>
  t.run(
    `insert into runs (run_id, state, project, cwd, pipeline, prompt, input, plan_hash, parent_run, permission, client, accepted_at)
     values (?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      run.run_id,
      run.project,
      run.cwd,
      run.pipeline,
      run.prompt,
      run.input,
      run.plan_hash,
      run.parent_run,
      run.permission,
      run.client,
      run.accepted_at,
    ],
  )

/** Nobody repeats a call that long after it. */
const longestKept = 7 * 24 * 60 * 60 * 1000

const insertCall = (t: Transaction, { key, request }: NewCall, { accepted_at, run_id }: NewRun) => {
  t.run("delete from calls where at < ?", [accepted_at - longestKept])
  t.run("insert into calls (key, request, run_id, at) values (?, ?, ?, ?)", [
    key,
    request,
    run_id,
    accepted_at,
  ])
}

const callUnder = "select key, request, run_id from calls where key = ?"

const insertAttempt = (t: Transaction, attempt: NewAttempt): number => {
  const [row] = t.all<{ next: number }>(
    "select coalesce(max(attempt), 0) + 1 as next from attempts where run_id = ?",
    [attempt.run_id],
  )
  const number = row?.next ?? 1
  t.run(
    `insert into attempts (run_id, attempt, step, path, kind, agent, model, permission, state, started_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, 'running', ?)`,
    [
      attempt.run_id,
      number,
      attempt.step,
      attempt.path,
      attempt.kind,
      attempt.agent,
      attempt.model,
      attempt.permission,
      attempt.started_at,
    ],
  )
  return number
}

const make = Effect.gen(function* () {
  const sql = yield* Sql
  const first = <Row>(text: string, params: ReadonlyArray<string | number>) =>
    Effect.map(sql.all<Row>(text, params), (rows): Row | undefined => rows[0])

  return {
    /**
     * On disk when it returns, also after a power loss.
     *
     * Where a call of that key became a run already it accepts nothing and gives that call. Keys are forgotten after 7 days.
     */
    accept: (run: NewRun, sources: ReadonlyArray<Source>, call?: NewCall) =>
      sql.transact("full", (t): CallRow | undefined => {
        const [earlier] = call === undefined ? [] : t.all<CallRow>(callUnder, [call.key])
        if (earlier !== undefined) return earlier
        if (call !== undefined) insertCall(t, call, run)
        t.run("insert or ignore into plan_sources (hash, sources) values (?, ?)", [
          run.plan_hash,
          JSON.stringify(sources),
        ])
        insertRun(t, run)
        return undefined
      }),

    call: (key: string) => first<CallRow>(callUnder, [key]),

    run: (run_id: string) => first<RunRow>("select * from runs where run_id = ?", [run_id]),

    /** Ids that end so, newest first; at most two, enough to see that it is ambiguous. */
    endingWith: (text: string) =>
      Effect.map(
        sql.all<{ run_id: string }>(
          "select run_id from runs where substr(run_id, -length(?)) = ? order by n desc limit 2",
          [text, text],
        ),
        (rows) => rows.map((row) => row.run_id),
      ),

    /** Ids that begin or end so, newest first: at most 100, of the newest 10,000 runs. */
    ids: (typed: string) =>
      Effect.map(
        sql.all<{ run_id: string }>(
          `select run_id from (select run_id, n from runs order by n desc limit 10000)
           where substr(run_id, 1, length(?1)) = ?1 or substr(run_id, -length(?1)) = ?1 order by n desc limit 100`,
          [typed],
        ),
        (rows) => rows.map(({ run_id }) => run_id),
      ),

    newest: first<{ run_id: string }>("select run_id from runs order by n desc limit 1", []),

    list: (filter: ListFilter) => {
      const where = [
        ...(filter.state === undefined ? [] : ["state = ?"]),
        ...(filter.project === undefined ? [] : ["project = ?"]),
        ...(filter.before === undefined ? [] : ["n < (select n from runs where run_id = ?)"]),
      ]
      const params = [filter.state, filter.project, filter.before].filter((value) => value !== undefined)
      return sql.all<RunRow>(
        `select ${listed} from runs ${where.length === 0 ? "" : `where ${where.join(" and ")}`} order by n desc limit ?`,
        [...params, filter.limit],
      )
    },

    /** Runs that have not ended, oldest first. */
    open: sql.all<RunRow>(
      `select ${listed} from runs where state in ('queued', 'running', 'waiting') order by n`,
      [],
    ),

    sources: (hash: string) =>
      Effect.map(
        first<{ sources: string }>("select sources from plan_sources where hash = ?", [hash]),
        (row): ReadonlyArray<Source> =>
          row === undefined ? [] : (JSON.parse(row.sources) as ReadonlyArray<Source>),
      ),

    started: (run_id: string, at: number) =>
      sql.run(
        "update runs set state = 'running', started_at = coalesce(started_at, ?) where run_id = ? and state in ('queued', 'waiting', 'running')",
        [at, run_id],
      ),

    /** It waits for an answer, or does so no more. */
    waits: (run_id: string, waits: boolean) =>
      sql.run("update runs set state = ? where run_id = ? and state = ?", [
        waits ? "waiting" : "running",
        run_id,
        waits ? "running" : "waiting",
      ]),

    /**
     * Gives false when the run has ended already: an end is written once. On disk when it returns.
     *
     * Where the clock was set back meanwhile, the end stands at the beginning.
     */
    end: (run_id: string, end: RunEnd) =>
      sql.transact(
        "full",
        (t) =>
          t.run(
            `update runs set state = ?, ended_at = max(?, accepted_at), answer = ?, answer_data = ?, answer_ref = ?, answered_by = ?, failure = ?
             where run_id = ? and state in ('queued', 'running', 'waiting')`,
            [
              end.state,
              end.at,
              end.answer ?? null,
              json(end.answer_data),
              json(end.answer_ref),
              end.answered_by ?? null,
              json(end.failure),
              run_id,
            ],
          ) === 1,
      ),

    requestCancel: (run_id: string) =>
      sql.transact(
        "full",
        (t) =>
          t.run(
            "update runs set cancel_requested = 1 where run_id = ? and state in ('queued', 'running', 'waiting')",
            [run_id],
          ) === 1,
      ),

    attempts: (run_id: string) =>
      sql.all<AttemptRow>("select * from attempts where run_id = ? order by attempt", [run_id]),

    attemptAt: (run_id: string, path: string) =>
      first<AttemptRow>("select * from attempts where run_id = ? and path = ?", [run_id, path]),

    /** Gives the number of the new attempt. */
    addAttempt: (attempt: NewAttempt) => sql.transact("normal", (t) => insertAttempt(t, attempt)),

    endAttempt: (run_id: string, attempt: number, end: AttemptEnd) =>
      sql.run(
        `update attempts set state = ?, ended_at = max(?, started_at), exit_code = ?, session_id = coalesce(?, session_id), usage = ?, answer = ?, failure = ?
         where run_id = ? and attempt = ? and state = 'running'`,
        [
          end.state,
          end.at,
          end.exit_code ?? null,
          end.session_id ?? null,
          json(end.usage),
          json(end.answer),
          json(end.failure),
          run_id,
          attempt,
        ],
      ),

    /** Known before the end, so that a restarted hub can go on with it. */
    noteSession: (run_id: string, attempt: number, session_id: string) =>
      sql.run("update attempts set session_id = ? where run_id = ? and attempt = ?", [
        session_id,
        run_id,
        attempt,
      ]),

    /** The session that a step's newest attempt left. */
    sessionOfStep: (run_id: string, step: string, agent: string) =>
      Effect.map(
        first<{ session_id: string }>(
          "select session_id from attempts where run_id = ? and step = ? and agent = ? and session_id is not null order by attempt desc limit 1",
          [run_id, step, agent],
        ),
        (row) => row?.session_id,
      ),

    /** What the newest attempt in a session has reported. */
    usageOfSession: (agent: string, session_id: string) =>
      Effect.map(
        first<{ usage: string }>(
          "select usage from attempts where agent = ? and session_id = ? and usage is not null order by started_at desc limit 1",
          [agent, session_id],
        ),
        (row) => (row === undefined ? undefined : (JSON.parse(row.usage) as Record<string, number>)),
      ),

    /** Where the hub first saw a session of an agent. */
    folderOfSession: (agent: string, session_id: string) =>
      Effect.map(
        first<{ cwd: string }>(
          `select r.cwd from attempts a join runs r on r.run_id = a.run_id
           where a.agent = ? and a.session_id = ? order by a.started_at limit 1`,
          [agent, session_id],
        ),
        (row) => row?.cwd,
      ),

    /** The session of an agent in the newest run in a folder that has one. */
    sessionInFolder: (agent: string, cwd: string) =>
      Effect.map(
        first<{ session_id: string }>(
          // `cross` has SQLite walk the folder's runs from the newest back, not all sessions of the agent.
          `select a.session_id from runs r cross join attempts a on a.run_id = r.run_id
           where r.cwd = ? and a.agent = ? and a.session_id is not null order by r.n desc, a.attempt desc limit 1`,
          [cwd, agent],
        ),
        (row) => row?.session_id,
      ),

    lastSeq: (run_id: string) =>
      Effect.map(
        first<{ seq: number }>("select coalesce(max(seq), 0) as seq from events where run_id = ?", [run_id]),
        (row) => row?.seq ?? 0,
      ),

    /** How many events of the agent itself are stored for an attempt: a second reading passes over that many. */
    agentEvents: (run_id: string, attempt: number, own: ReadonlyArray<string>) =>
      Effect.map(
        first<{ count: number }>(
          `select count(*) as count from events where run_id = ? and attempt = ? and type not in (${own.map(() => "?").join(", ")})`,
          [run_id, attempt, ...own],
        ),
        (row) => row?.count ?? 0,
      ),
  }
})

export class Store extends Context.Service<Store, Effect.Success<typeof make>>()("hub/dispatch/Store") {}
export const layer: Layer.Layer<Store, never, Sql> = Layer.effect(Store, make)
