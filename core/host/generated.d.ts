/** Files that the build makes and the compiler embeds: their path. */
declare module "*.gz" {
  const path: string
  export default path
}
