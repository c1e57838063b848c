/** Ids and texts that are well-formed strings like any other, and that have broken something somewhere. */

/** Each differs from all others, some by case, Unicode form or white space alone. */
export const STRANGE_IDS: readonly string[] = [
  // Names that objects have already.
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length'],
  // Numbers and words of JSON, Lua and SQL.
  ...[
    '0',
    '1',
    '01',
    '1.0',
    '-1',
    '1e3',
    'null',
    'undefined',
    'nil',
    'true',
    'NaN',
    "'; drop table users; --",
  ],
  // White space, control characters, and what one cannot see.
  ...[
    ' ',
    'a b',
    'a b ',
    'a\tb\n',
    'a\r\nb',
    '\0',
    'a\0',
    'a\0b',
    '\u0001\u007f\u0085',
    '\ufeff',
    '\u202eabc',
    '\u200b',
  ],
  // Patterns, separators and hash tags of keys.
  ...[
    '*',
    '?',
    '[a]',
    'user:{1}',
    '{}',
    '{a}b',
    'a:b',
    'a::b',
    'a,b',
    'a|b',
    '../../etc',
    '\\',
    '"',
    "'",
    '%00',
    '$1',
  ],
  // Case, and the two forms of an accent.
  ...['a', 'A', 'é', 'e\u0301', 'ß', 'ss', 'i', 'İ', 'I', 'ı', '用户'],
  // Bytes where UTF-8 takes four, or the most that there are.
  ...['\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\uffff', '\u{10ffff}'],
  ...['x'.repeat(128), 'é'.repeat(64), '\u{1f600}'.repeat(32)],
]
