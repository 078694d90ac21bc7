'use strict';

/** A reason not to start, in one sentence that says what to do. */
class BootstrapError extends Error {
  constructor(sentence) {
    super(sentence);
    this.name = 'BootstrapError';
  }
}

module.exports = { BootstrapError };
