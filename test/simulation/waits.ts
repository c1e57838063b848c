/** For how long changes gather before they go out: not at all in worlds as quiet as these, unless the server is made to. */
export const GATHERING_MS = 0
