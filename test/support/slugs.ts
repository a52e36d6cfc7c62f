/** The anchors of a page, as GitHub names them after its headings. */
export const slugs = (page: string): ReadonlyArray<string> => {
  const seen = new Map<string, number>()
  const prose = page.replaceAll(/^(```+)[^]*?^\1/gm, "")
  return Array.from(prose.matchAll(/^#{1,6} (.*)$/gm), ([, title = ""]) => {
    const slug = title
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-")
    const times = seen.get(slug) ?? 0
    seen.set(slug, times + 1)
    return times === 0 ? slug : `${slug}-${times}`
  })
}
