/** The database's changes in order. The n-th brings it to version n; one that was released is never edited. */
import tables from "./0001-tables.ts"
import tokens from "./0002-tokens.ts"
import calls from "./0003-calls.ts"
import permissions from "./0004-permissions.ts"
import sessions from "./0005-sessions.ts"

export const all: ReadonlyArray<string> = [tables, tokens, calls, permissions, sessions]
