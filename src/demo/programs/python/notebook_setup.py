def load_plotting():
    import internal_charts as charts

    charts.use_theme("paper")
    return charts


def prepare(style):
    charts = load_plotting()
    charts.set_style(style)


prepare("dark")
