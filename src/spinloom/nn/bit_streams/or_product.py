"""The exact OR of many products as a differentiable function: 1 - prod_i (1 - a_i w_i) without a logarithm."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from spinloom.devices.two_state_kernels import in_pieces
from spinloom.nn.bit_streams.kernels import kernel

_PIECE = 2048
"""Rows of one task; fixed, so that sums over rows do not depend on the number of threads."""


class _OrProduct(torch.autograd.Function):
    """q = prod_i (1 - a_i w_i), in compiled loops; sums of gradients over rows are taken in pieces of fixed size."""

    @staticmethod
    def forward(ctx: Any, a: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        rows = np.ascontiguousarray(a.detach().numpy())
        columns = np.ascontiguousarray(w.detach().numpy().T)
        out = np.empty((len(rows), columns.shape[1]), np.float32)
        loop = kernel("or_product")
        in_pieces(lambda first, last: loop(rows[first:last], columns, out[first:last]), len(rows), None, _PIECE)
        ctx.arrays = (rows, columns, out)
        return torch.from_numpy(out)

    @staticmethod
    def backward(ctx: Any, *upstream: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        rows, columns, product = ctx.arrays
        given = np.ascontiguousarray(upstream[0].numpy())
        to_a = np.zeros_like(rows)
        to_w = np.zeros((-(-len(rows) // _PIECE), *columns.shape), np.float32)
        loop = kernel("or_gradient")

        def piece(first: int, last: int) -> None:
            part = slice(first, last)
            loop(rows[part], columns, product[part], given[part], to_a[part], to_w[first // _PIECE])

        in_pieces(piece, len(rows), None, _PIECE)
        return torch.from_numpy(to_a), torch.from_numpy(np.ascontiguousarray(to_w.sum(axis=0).T))


def or_probability(a: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """p = 1 - prod_i (1 - a_i w_ji), shape (samples, outputs), of a (samples, n) and w (outputs, n), all in [0, 1].

    Exact in value and gradient, on the processor in float32 (compiled loops); other devices and precisions take the
    logarithms log(1 - a w), which needs memory for samples x outputs x n numbers. A gradient through a factor
    below 1e-6 is that of 1e-6.
    """
    if a.dtype == torch.float32 and w.dtype == torch.float32 and not a.is_cuda:
        result: torch.Tensor = 1.0 - _OrProduct.apply(a, w)  # pyright: ignore[reportOperatorIssue, reportAssignmentType]
        return result
    product = torch.log1p(-(a[:, None, :] * w[None]).clamp(max=1.0 - 1e-6)).sum(dim=2)
    return -torch.expm1(product)
