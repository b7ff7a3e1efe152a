// Imports one entry alone, computes with what PyTorch has there, and prints its names.
const entry = await import(process.argv[2]);
const names = Object.keys(entry).filter((name) => name !== 'default');
console.log(JSON.stringify(names));
