// A decision that touches the world.
export const worldly = () => [
  Date.now(),
  new Date(),
  Math.random(),
  process.pid,
  fetch('x'),
  setTimeout(() => {}, 1),
  setImmediate(() => {}),
];
