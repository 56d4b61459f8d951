// Scripts may do what they need.
console.log(process.env.HOME, Date.now());
