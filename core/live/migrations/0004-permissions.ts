export default `
alter table runs add column permission text;
alter table attempts add column permission text;
`
