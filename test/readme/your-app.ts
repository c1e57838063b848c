/** What the samples in the README take from the reader's application. A token is a user id here. */
const contactsByUser: Readonly<Record<string, readonly string[]>> = { alice: ['bob'], bob: ['alice'] }

export const database = {
  contactsOf: async (userId: string): Promise<readonly string[]> => contactsByUser[userId] ?? [],
}

export async function userOfToken(token: string | undefined): Promise<string | null> {
  return token ?? null
}

export async function fetchToken(): Promise<string> {
  return 'alice'
}

interface ContactQuery {
  readonly where: { readonly contactId: string }
  readonly select: { readonly ownerId: true }
}

export const prisma = {
  contact: {
    findMany: async ({ where }: ContactQuery): Promise<{ readonly ownerId: string }[]> =>
      (contactsByUser[where.contactId] ?? []).map((ownerId) => ({ ownerId })),
  },
}
