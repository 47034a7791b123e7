export default `
create index attempts_session on attempts(agent, session_id, started_at) where session_id is not null;
create index runs_cwd on runs(cwd);
`
