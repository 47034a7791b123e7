export default `
create table calls (
  key text primary key,
  request text not null,
  run_id text not null,
  at integer not null
) without rowid;
create index calls_at on calls(at);
`
