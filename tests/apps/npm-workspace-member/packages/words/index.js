exports.greeting = "a word of the neighbour";
