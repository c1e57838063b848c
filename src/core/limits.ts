/** What a server takes from a client, and from its own adapters. Told to no one; hit, it gives a typed error. */
export interface Limits {
  /** Bytes of one frame. @defaultValue 16384 */
  readonly frameBytes: number
  /** Bytes of the first frame, which comes before anybody is known. @defaultValue 8192 */
  readonly helloFrameBytes: number
  /** Nesting of one frame. @defaultValue 8 */
  readonly jsonDepth: number
  /** Keys in one frame. @defaultValue 64 */
  readonly jsonKeys: number
  /** UTF-8 bytes of a user id. @defaultValue 128 */
  readonly idBytes: number
  /** UTF-8 bytes of a token. @defaultValue 4096 */
  readonly tokenBytes: number
  /** UTF-16 units of a status text. @defaultValue 140 */
  readonly statusTextLength: number
  /** Time from the open socket to the hello. @defaultValue 5000 */
  readonly helloMs: number
  /** Frames a second from one connection, sustained. @defaultValue 20 */
  readonly framesPerSecond: number
  /** Frames at once from one connection. @defaultValue 40 */
  readonly frameBurst: number
  /** Users that one session may subscribe to by id. @defaultValue 10000 */
  readonly subscriptions: number
  /** Live sessions of one user on one node. @defaultValue 64 */
  readonly sessionsPerUser: number
  /** Sessions taken in a second; the others are told when to come back. @defaultValue 2000 */
  readonly admissionsPerSecond: number
  /** Distinct users a day whom one may ask about or watch, and who are not their contacts; a node counts for itself. @defaultValue 500 */
  readonly strangersPerDay: number
  /** Unsent bytes on a socket above which only the newest record of each user is kept. @defaultValue 262144 */
  readonly queueSoftBytes: number
  /** Unsent bytes on a socket above which it is terminated. @defaultValue 1048576 */
  readonly queueHardBytes: number
  /** Ids that are read from one contact list. @defaultValue 100000 */
  readonly contacts: number
  /** Time for one answer of the contacts adapter. @defaultValue 2000 */
  readonly contactsTimeoutMs: number
  /** Changes of one user that are published without delay in a minute. @defaultValue 60 */
  readonly changesPerMinute: number
}

/** Which limits mean "none" when 0; a frame limit of none would be a hole. */
export const SWITCHABLE_LIMITS: readonly (keyof Limits)[] = [
  'framesPerSecond',
  'subscriptions',
  'sessionsPerUser',
  'admissionsPerSecond',
  'strangersPerDay',
  'contacts',
  'contactsTimeoutMs',
  'changesPerMinute',
]

export const DEFAULT_LIMITS: Limits = Object.freeze({
  frameBytes: 16_384,
  helloFrameBytes: 8_192,
  jsonDepth: 8,
  jsonKeys: 64,
  idBytes: 128,
  tokenBytes: 4_096,
  statusTextLength: 140,
  helloMs: 5_000,
  framesPerSecond: 20,
  frameBurst: 40,
  subscriptions: 10_000,
  sessionsPerUser: 64,
  admissionsPerSecond: 2_000,
  strangersPerDay: 500,
  queueSoftBytes: 262_144,
  queueHardBytes: 1_048_576,
  contacts: 100_000,
  contactsTimeoutMs: 2_000,
  changesPerMinute: 60,
})
