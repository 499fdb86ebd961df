{# Postgres plans a table it has never analysed as if it were nearly empty, and nests loops over it; DuckDB keeps its own statistics. #}
{% macro collect_statistics() -%}
    {%- if target.type == 'postgres' and model.config.materialized != 'view' -%}analyze {{ this }}{%- endif -%}
{%- endmacro %}

{#
    What Postgres is to do about joins whose sizes it can only guess, which is most of them here: a subquery that groups or ranks is taken for a handful of rows,
    and then everything is compared with everything, tenant by tenant. Hashes are never much worse. What cannot be hashed costs so much then that Postgres would
    compile it first.
#}
{% macro join_by_hashes() -%}
    {%- if target.type == 'postgres' -%}set local enable_nestloop = off; set local enable_mergejoin = off; set local jit = off{%- endif -%}
{%- endmacro %}
