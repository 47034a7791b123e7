export default `
create table plan_sources (hash text primary key, sources text not null) without rowid;

create table runs (
  n integer primary key autoincrement,
  run_id text not null unique,
  state text not null,
  project text,
  cwd text not null,
  pipeline text not null,
  prompt text not null,
  input text not null,
  plan_hash text not null,
  parent_run text,
  client text not null,
  accepted_at integer not null,
  started_at integer,
  ended_at integer,
  answer text,
  answer_data text,
  answer_ref text,
  answered_by text,
  failure text,
  cancel_requested integer not null default 0
);
create index runs_open on runs(state) where state in ('queued','running','waiting');
create index runs_project on runs(project, n);

create table attempts (
  run_id text not null,
  attempt integer not null,
  step text not null,
  path text not null,
  kind text not null,
  agent text,
  model text,
  state text not null,
  failure text,
  started_at integer not null,
  ended_at integer,
  exit_code integer,
  session_id text,
  usage text,
  answer text,
  primary key (run_id, attempt)
) without rowid;
create unique index attempts_path on attempts(run_id, path);
create index attempts_agent on attempts(agent, started_at);

create table journal (
  run_id text not null,
  name text not null,
  result text not null,
  at integer not null,
  primary key (run_id, name)
) without rowid;

create table events (
  run_id text not null,
  seq integer not null,
  at integer not null,
  type text not null,
  step text,
  attempt integer,
  data text not null,
  primary key (run_id, seq)
) without rowid;

create table cooldowns (
  agent text not null,
  model text not null,
  until integer not null,
  class text not null,
  because text not null,
  strikes integer not null,
  overloaded integer not null,
  since integer not null,
  run_id text,
  primary key (agent, model)
) without rowid;

create table plugin_values (
  plugin text not null,
  key text not null,
  value text not null,
  primary key (plugin, key)
) without rowid;

create table plugin_migrations (
  plugin text not null,
  id text not null,
  at integer not null,
  primary key (plugin, id)
) without rowid;
`
