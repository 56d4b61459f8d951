// Left behind. TODO: finish it.
export const folder = '/home/someone/data';
export const host = 'https://registry.npmjs.org/x';
export const shout = () => {
  debugger;
  console.log(folder);
};
