"""Charts to Plotly figures to one-file HTML reports."""
