/** What the server's routes and the page say to each other. */

/** Somebody with an account, as another one sees them. */
export interface Person {
  readonly id: string
  readonly name: string
  readonly isContact: boolean
  readonly isBlocked: boolean
}

/** Whoever has signed in. */
export interface SignIn {
  /** Stands for the password from now on: the page shows it with every request. */
  readonly secret: string
  readonly name: string
}

/** Who may see what: the columns of `presence_privacy` that this page has a field for. */
export interface Privacy {
  readonly online: 'everyone' | 'contacts' | 'nobody'
  readonly lastSeen: 'everyone' | 'contacts' | 'nobody'
  readonly precision: 'exact' | 'minute' | 'bucket'
}
