"""Strongly connected parts of a graph (R. Tarjan 1972), those that cannot be left."""

from collections.abc import Sequence


def terminal_knots(after: Sequence[Sequence[int]]) -> list[list[int]]:
    """The parts of a graph whose nodes reach each other and nothing else. ``after`` lists each node's successors."""
    order = [-1] * len(after)
    low = [0] * len(after)
    part = [-1] * len(after)
    parts: list[list[int]] = []
    stack: list[int] = []
    count = 0
    for root in range(len(after)):
        if order[root] >= 0:
            continue
        pending = [(root, 0)]
        while pending:
            node, at = pending.pop()
            if at == 0:
                order[node] = low[node] = count
                count += 1
                stack.append(node)
            if at < len(after[node]):
                pending.append((node, at + 1))
                following = after[node][at]
                if order[following] < 0:
                    pending.append((following, 0))
                elif part[following] < 0:
                    low[node] = min(low[node], order[following])
                continue
            if low[node] == order[node]:
                members = []
                while part[node] < 0:
                    part[stack[-1]] = len(parts)
                    members.append(stack.pop())
                parts.append(members)
            if pending:
                parent = pending[-1][0]
                low[parent] = min(low[parent], low[node])
    left = {part[node] for node in range(len(after)) if any(part[other] != part[node] for other in after[node])}
    return [members for number, members in enumerate(parts) if number not in left]
