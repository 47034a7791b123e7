/** Only what is there: JSON without nulls for those who read it, and no key that is `undefined`. */
export const present = <A extends object>(fields: A): { [K in keyof A]: Exclude<A[K], null | undefined> } =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  ) as never
