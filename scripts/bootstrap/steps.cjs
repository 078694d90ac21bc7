'use strict';

/** What a first run does, told as `Step 1 of 3: …`. Where nothing is to be done nothing is said. */
class Steps {
  #total;
  #done = 0;

  /** @param total including the ones of the program that is started afterwards */
  constructor(total) {
    this.#total = total;
  }

  get done() {
    return this.#done;
  }

  /** @returns what tells how the step goes on */
  begin(name) {
    this.#done += 1;
    const say = (text) => process.stderr.write(`Step ${this.#done} of ${this.#total}: ${name}: ${text}\n`);
    return say;
  }
}

module.exports = { Steps };
