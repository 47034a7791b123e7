export default `
create table tokens (
  n integer primary key autoincrement,
  name text not null unique,
  sha256 blob not null unique,
  scopes text not null,
  created_at integer not null,
  expires_at integer,
  revoked_at integer,
  last_used_at integer
);
`
