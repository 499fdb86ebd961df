{# Rows whose parent is missing. Like dbt's relationships test, but over a whole key, so that tenant_id always takes part; a null in the key means no parent. #}
{% test belongs_to(model, to, columns, to_columns=none) %}

    select child.*
    from {{ model }} as child
    left join {{ to }} as parent
        on
            {%- for column in columns %}
            {{ 'and ' if not loop.first }}child.{{ column }} = parent.{{ (to_columns or columns)[loop.index0] }}
            {%- endfor %}
    where
        parent.tenant_id is null
        {%- for column in columns %}
        and child.{{ column }} is not null
        {%- endfor %}

{% endtest %}
