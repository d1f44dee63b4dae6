"""A lock is held by a session: a proxy that gives one session to many is refused by `gpb doctor`."""

import pytest

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import postgres
from gpb_pipeline_tests.pooler import pooler_of


def test_a_proxy_that_pools_transactions_is_refused_and_postgresql_itself_is_not(
    scaled_out: WarehouseSettings,
) -> None:
    postgres.require_own_sessions(scaled_out)
    with pooler_of(scaled_out.catalog) as catalog:
        pooled = scaled_out.model_copy(update={"catalog": catalog})
        with pytest.raises(SettingsError, match=r"^GPB_CATALOG: .*pools transactions.*pool_mode = session"):
            postgres.require_own_sessions(pooled)
