/** Style sheets are imported as text and adopted by the shadow roots. */
declare module "*.css" {
  const text: string;
  export default text;
}
