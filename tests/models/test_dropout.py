"""The default net's own dropout, held against what dropout is."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("p", [0.0, 0.1, 0.3, 0.5, 0.95])
def test_it_leaves_out_the_share_it_was_given_and_keeps_the_mean(p: float) -> None:
    """Kept is 0 or ``1 / share``; share and mean within five standard errors over 200,001 numbers, an odd count."""
    from tradewind.research.nets.dropout import ByteDropout

    torch.manual_seed(3)
    n, drop = 200_001, ByteDropout(p).train()
    found, share = drop(torch.ones(n)), drop.kept / 256
    assert abs(share - (1.0 - p)) <= 1 / 512
    assert found[found > 0].unique().tolist() == [pytest.approx(1.0 / share)]
    deviation = (share * (1.0 - share) / n) ** 0.5
    assert (found > 0).float().mean().item() == pytest.approx(share, abs=5 * deviation + 1e-9)
    assert found.mean().item() == pytest.approx(1.0, abs=5 * deviation / share + 1e-6)


def test_neighbours_and_passes_are_independent_and_a_seed_repeats_them() -> None:
    """No correlation between the eight numbers of a draw, or between passes; the same seed gives the same ones."""
    from tradewind.research.nets.dropout import ByteDropout

    drop, ones = ByteDropout(0.5).train(), torch.ones(64, 60, 32)
    torch.manual_seed(5)
    first, second = drop(ones).flatten() - 1.0, drop(ones).flatten() - 1.0
    assert first.shape == (64 * 60 * 32,)
    limit = 5 / first.numel() ** 0.5
    for lag in (1, 2, 3, 7, 8, 32):
        assert abs((first[lag:] * first[:-lag]).mean().item()) < limit
    assert abs((first * second).mean().item()) < limit
    torch.manual_seed(5)
    assert torch.equal(drop(ones).flatten() - 1.0, first)


def test_nothing_is_left_out_where_nothing_is_learned_and_gradients_pass_what_was_kept() -> None:
    from tradewind.research.nets.dropout import ByteDropout

    drop = ByteDropout(0.5)
    x = torch.ones(3, 5, requires_grad=True)
    assert drop.eval()(x) is x
    out = drop.train()(x)
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())
