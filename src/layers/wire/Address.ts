/** Where a broker listens. */
export interface Address {
  readonly host: string
  readonly port: number
}

export const addressOf = (server: string): Address => {
  const colon = server.lastIndexOf(":")
  return { host: server.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), port: Number(server.slice(colon + 1)) }
}

export const nameOf = ({ host, port }: Address): string => `${host}:${port}`
