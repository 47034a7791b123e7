/** What a client's model is told about the hub. Under 200 words: it stands in every conversation. */
export const instructions = `hub hands work to the coding agents on this machine and picks another when one fails. Work goes on by itself.

1. list_agents and list_pipelines show who can work and by which rules.
2. dispatch { prompt, cwd or project, pipeline or agent } answers with a run_id. The prompt must stand alone: agents have not read this conversation. cwd is an absolute path.
3. Go on with your own work, or dispatch more: runs are independent.
4. check_dispatch { run_id, wait_seconds: 30 } tells the state, and the answer once it is there. queued, running and waiting go on; succeeded, failed, cancelled and timed_out are final. A wait may end early: while the state goes on, call it again. Never dispatch the same work twice.
5. run_events { run_id, after } shows what happened; why { run_id } tells why an agent was left for the next.
6. cancel_dispatch { run_id } ends a run. Runs outlive this connection; list_dispatches finds them.

The resource hub://runs/{id} can be subscribed to. With MCP tasks, the task id is the run_id.

An error names what is wrong and what is known instead: correct the call and repeat it.`
