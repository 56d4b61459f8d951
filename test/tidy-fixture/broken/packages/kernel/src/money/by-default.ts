// Without a name to search for.
export default 1;
