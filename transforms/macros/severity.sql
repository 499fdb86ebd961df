{# The name of a severity's rank, 1 to 4. #}
{% macro severity_of(severity_rank) -%}
    case {{ severity_rank }} when 4 then 'critical' when 3 then 'high' when 2 then 'medium' else 'low' end
{%- endmacro %}
