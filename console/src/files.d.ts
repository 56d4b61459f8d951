// Files that the bundler makes part of the page.
declare module '*.css';
declare module '*.svg' {
  const address: string;
  export default address;
}
