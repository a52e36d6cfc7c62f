/**
 * Divides shards among the members of a group, each as many as any other or one more. What a member has it keeps, as far as its
 * share goes. A shard that somebody has not let go of is given to nobody else: whoever has too many is given less and lets go,
 * and the next division gives what is free to those who have too few.
 */
import type { Assignment, Member } from "../../services/KafkaGroup.ts"

type Claimant = Pick<Member, "memberId" | "owned" | "generation">

const byId = (a: Claimant, b: Claimant): number => (a.memberId < b.memberId ? -1 : 1)

/** Each shard's owner. Of two that claim one the older claim is of a process that was away: it has lost it. */
const ownersOf = (members: ReadonlyArray<Claimant>, shards: number): ReadonlyMap<number, string> => {
  const owners = new Map<number, Claimant>()
  for (const member of members.toSorted(byId)) {
    for (const shard of member.owned) {
      const before = owners.get(shard)
      if (shard < shards && (before === undefined || before.generation < member.generation)) owners.set(shard, member)
    }
  }
  return new Map(Array.from(owners, ([shard, { memberId }]) => [shard, memberId]))
}

export const assign = (members: ReadonlyArray<Claimant>, shards: number): Assignment => {
  const owners = ownersOf(members, shards)
  const owned = Map.groupBy(
    [...owners.keys()].toSorted((a, b) => a - b),
    (shard) => owners.get(shard)
  )
  const count = ({ memberId }: Claimant): number => owned.get(memberId)?.length ?? 0
  // The larger shares go to those who have the most: so the fewest are moved.
  const inOrder = members.toSorted((a, b) => count(b) - count(a) || byId(a, b))
  const least = Math.floor(shards / members.length)
  const larger = shards % members.length
  const free = Array.from({ length: shards }, (_, shard) => shard).filter((shard) => !owners.has(shard))
  return new Map(
    inOrder.map(({ memberId }, index) => {
      const share = index < larger ? least + 1 : least
      const kept = (owned.get(memberId) ?? []).slice(0, share)
      return [memberId, [...kept, ...free.splice(0, share - kept.length)]]
    })
  )
}
