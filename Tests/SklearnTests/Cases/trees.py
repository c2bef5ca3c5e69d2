"""Decision trees, forests, boosted trees and isolation forests."""

import importlib
import itertools

import numpy as np
from sklearn import ensemble, tree

from . import Case

try:
    from sklearn.experimental import enable_hist_gradient_boosting  # noqa: F401
except ImportError:
    pass

# offset and scale of the columns: from plain noise to air pressure in pascal
PLACES = [(0.0, 1.0), (25.0, 2.0), (1000.0, 1.0), (101325.0, 5.0)]


def data(rng, rows, columns, place, dtype=np.float64):
    offset, scale = place
    values = offset + scale * rng.standard_normal((rows, columns))
    # whole numbers and repeated values make ties with thresholds
    values[:, 0] = np.round(values[:, 0], 1)
    return values.astype(dtype)


def targets(rng, x, classes):
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    value = z[:, 0] + 0.5 * z[:, -1] ** 2 + 0.3 * rng.standard_normal(len(x))
    if classes == 0:
        return value
    edges = np.quantile(value, np.linspace(0, 1, classes + 1)[1:-1])
    return np.digitize(value, edges)


def holes(rng, x, share=0.2):
    x = x.copy()
    x[rng.random(x.shape) < share] = np.nan
    return x


def attempt(make):
    """What it gives, or None where this scikit-learn has no such parameter."""
    try:
        return make()
    except (ImportError, TypeError, ValueError, AttributeError, KeyError):
        return None


def answers(estimator, rows, column):
    """A number a row; NaN for rows that it refuses."""
    try:
        return np.asarray(column(estimator, rows), dtype=np.float64)
    except ValueError:
        # some rows have missing values or are too large: ask row by row
        result = np.full(len(rows), np.nan)
        for index in range(len(rows)):
            try:
                result[index] = column(estimator, rows[index : index + 1])[0]
            except ValueError:
                pass
        return result


def texts(estimator, rows, good):
    result = np.full(len(rows), "", dtype=object)
    if good.any():
        result[good] = [str(value) for value in estimator.predict(rows[good])]
    return list(result)


def class_score(estimator, rows):
    if hasattr(estimator, "decision_function") and len(estimator.classes_) == 2:
        return estimator.decision_function(rows)
    shares = estimator.predict_proba(rows)
    return shares[:, 1] if shares.shape[1] == 2 else shares.max(axis=1)


def regressor(name, estimator, rows):
    return Case(name, estimator, rows, answers(estimator, rows, lambda e, r: e.predict(r)))


def classifier(name, estimator, rows):
    score = answers(estimator, rows, class_score)
    return Case(name, estimator, rows, score, label=texts(estimator, rows, ~np.isnan(score)))


def detector(name, estimator, rows):
    score = answers(estimator, rows, lambda e, r: e.decision_function(r))
    anomaly = np.zeros(len(rows), dtype=bool)
    good = ~np.isnan(score)
    if good.any():
        anomaly[good] = estimator.predict(rows[good]) == -1
    return Case(name, estimator, rows, score, anomaly=anomaly)


def test_rows(rng, x, place, count):
    """New rows, training rows, rows far away, rows with a hole and one beyond float32."""
    rows = data(rng, count, x.shape[1], place)
    rows[1::3] = x[: len(rows[1::3])]
    rows[2::5] += 3 * place[1]
    if count > 10:
        rows[4, 0] = np.nan
        rows[5] = np.nan
        rows[6, -1] = 1e39
    return rows


def single_trees(rng):
    regress = [tree.DecisionTreeRegressor, tree.ExtraTreeRegressor]
    classify = [tree.DecisionTreeClassifier, tree.ExtraTreeClassifier]
    criteria = ["squared_error", "absolute_error", "poisson", "friedman_mse", "mse", "mae"]
    for kind, place, count in itertools.product(regress, PLACES, [1, 37]):
        x = data(rng, 120, 3, place)
        for depth in [1, 4, None]:
            model = kind(max_depth=depth, random_state=1).fit(x, targets(rng, x, 0))
            name = f"{kind.__name__}/max_depth={depth},offset={place[0]},rows={count}"
            yield regressor(name, model, test_rows(rng, x, place, count))
    for kind, criterion in itertools.product(regress, criteria):
        x = data(rng, 90, 2, PLACES[1])
        y = np.abs(targets(rng, x, 0)) + 0.1
        model = attempt(lambda: kind(criterion=criterion, random_state=2).fit(x, y))
        if model is not None:
            rows = test_rows(rng, x, PLACES[1], 37)
            yield regressor(f"{kind.__name__}/criterion={criterion}", model, rows)
    for kind, place, classes in itertools.product(classify, PLACES, [1, 2, 3, 9]):
        x = data(rng, 150, 3, place)
        y = targets(rng, x, classes)
        for leaf, weight in [(1, None), (10, None), (7, "balanced")]:
            model = kind(min_samples_leaf=leaf, class_weight=weight, random_state=3).fit(x, y)
            name = f"{kind.__name__}/classes={classes},leaf={leaf},{weight},offset={place[0]}"
            yield classifier(name, model, test_rows(rng, x, place, 37))
    for kind, criterion in itertools.product(classify, ["gini", "entropy", "log_loss"]):
        for splitter in ["best", "random"]:
            x = data(rng, 90, 2, PLACES[0])
            make = lambda: kind(criterion=criterion, splitter=splitter, max_depth=4, random_state=2)
            model = attempt(lambda: make().fit(x, targets(rng, x, 3)))
            if model is not None:
                rows = test_rows(rng, x, PLACES[0], 37)
                yield classifier(f"{kind.__name__}/{criterion},{splitter}", model, rows)
    x = data(rng, 90, 2, PLACES[0])
    for labels in [["no", "yes"], [False, True], [-1, 1], [0.0, 1.0]]:
        y = np.asarray(labels)[targets(rng, x, 2)]
        model = tree.DecisionTreeClassifier(max_depth=2).fit(x, y)
        yield classifier(f"DecisionTreeClassifier/labels={labels}", model, x[:20])


def forests(rng):
    regress = [ensemble.RandomForestRegressor, ensemble.ExtraTreesRegressor]
    classify = [ensemble.RandomForestClassifier, ensemble.ExtraTreesClassifier]
    for kind, place in itertools.product(regress, PLACES):
        x = data(rng, 120, 4, place)
        for count, depth in [(1, None), (7, 3), (30, None)]:
            model = kind(n_estimators=count, max_depth=depth, random_state=1, n_jobs=1)
            model.fit(x, targets(rng, x, 0))
            name = f"{kind.__name__}/trees={count},max_depth={depth},offset={place[0]}"
            yield regressor(name, model, test_rows(rng, x, place, 37))
    for kind, place, classes in itertools.product(classify, PLACES, [1, 2, 3]):
        x = data(rng, 120, 4, place)
        # an even number of deep trees makes exact ties of shares
        for count, depth in [(2, None), (10, None), (20, 2)]:
            model = kind(n_estimators=count, max_depth=depth, random_state=1, n_jobs=1)
            model.fit(x, targets(rng, x, classes))
            name = f"{kind.__name__}/classes={classes},trees={count},{depth},offset={place[0]}"
            yield classifier(name, model, test_rows(rng, x, place, 60))
    for columns in [8, 15, 16, 40, 300]:
        x = data(rng, 80, columns, PLACES[0], np.float32)
        model = ensemble.RandomForestRegressor(n_estimators=11, random_state=1)
        model.fit(x, targets(rng, x, 0))
        rows = test_rows(rng, x, PLACES[0], 37)
        yield regressor(f"RandomForestRegressor/columns={columns}", model, rows)
    for kind in [*classify, *regress, tree.DecisionTreeClassifier, tree.DecisionTreeRegressor]:
        is_class = kind.__name__.endswith("Classifier")
        x = holes(rng, data(rng, 150, 3, PLACES[1]))
        y = targets(rng, np.nan_to_num(x, nan=25.0), 2 if is_class else 0)
        count = {} if kind.__name__.startswith("Decision") else {"n_estimators": 9}
        model = attempt(lambda: kind(random_state=4, **count).fit(x, y))
        if model is not None:
            rows = holes(rng, test_rows(rng, np.nan_to_num(x), PLACES[1], 40))
            make = classifier if is_class else regressor
            yield make(f"{kind.__name__}/fitted with missing values", model, rows)


def boosting(rng):
    losses = ["squared_error", "absolute_error", "huber", "quantile", "ls", "lad"]
    for loss, place in itertools.product(losses, PLACES):
        x = data(rng, 120, 3, place)
        make = lambda: ensemble.GradientBoostingRegressor(
            loss=loss, n_estimators=12, max_depth=3, random_state=1, learning_rate=0.3
        )
        model = attempt(lambda: make().fit(x, targets(rng, x, 0)))
        if model is not None:
            rows = test_rows(rng, x, place, 37)
            yield regressor(f"GradientBoostingRegressor/{loss},offset={place[0]}", model, rows)
    for loss, classes, place in itertools.product(
        ["log_loss", "exponential", "deviance"], [2, 3, 5], PLACES
    ):
        x = data(rng, 150, 3, place)
        y = targets(rng, x, classes)
        make = lambda: ensemble.GradientBoostingClassifier(
            loss=loss, n_estimators=9, max_depth=2, random_state=1, subsample=0.8
        )
        model = attempt(lambda: make().fit(x, y))
        if model is not None:
            name = f"GradientBoostingClassifier/{loss},classes={classes},offset={place[0]}"
            yield classifier(name, model, test_rows(rng, x, place, 37))
    from sklearn.dummy import DummyClassifier, DummyRegressor

    x = data(rng, 120, 3, PLACES[0])
    for start in ["zero", DummyRegressor(strategy="median")]:
        make = lambda: ensemble.GradientBoostingRegressor(init=start, n_estimators=5)
        model = attempt(lambda: make().fit(x, targets(rng, x, 0)))
        if model is not None:
            yield regressor(f"GradientBoostingRegressor/init={start}", model, x[:37])
    starts = ["zero", *(DummyClassifier(strategy=s) for s in ["prior", "most_frequent", "uniform"])]
    starts.append(DummyClassifier(strategy="constant", constant=1))
    for start, classes in itertools.product(starts, [2, 3]):
        # balanced classes and no round beyond the first guess: sums of exactly 0
        for loss in ["log_loss", "exponential", "deviance"]:
            y = targets(rng, x, classes)
            kind = ensemble.GradientBoostingClassifier
            make = lambda: kind(loss=loss, init=start, n_estimators=3)
            model = attempt(lambda: make().fit(x, y))
            if model is not None:
                name = f"GradientBoostingClassifier/init={start},{loss},classes={classes}"
                yield classifier(name, model, x[:37])
    flat = np.zeros((20, 2))
    for loss in ["log_loss", "exponential", "deviance"]:
        make = lambda: ensemble.GradientBoostingClassifier(loss=loss, n_estimators=2)
        model = attempt(lambda: make().fit(flat, np.arange(20) % 2))
        if model is not None:
            yield classifier(f"GradientBoostingClassifier/tie,{loss}", model, flat[:3])


def hist_boosting(rng):
    if not hasattr(ensemble, "HistGradientBoostingRegressor"):
        return
    regress = ensemble.HistGradientBoostingRegressor
    classify = ensemble.HistGradientBoostingClassifier
    losses = ["squared_error", "absolute_error", "poisson", "gamma", "quantile", "least_squares"]
    losses.append("least_absolute_deviation")
    for loss, place, missing in itertools.product(losses, PLACES, [False, True]):
        x = data(rng, 200, 3, place)
        y = np.exp(0.3 * targets(rng, x, 0))
        rows = data(rng, 37, 3, place)
        rows[::4] = x[: len(rows[::4])]
        rows = holes(rng, rows)
        if missing:
            x = holes(rng, x)
        extra = {"quantile": 0.7} if loss == "quantile" else {}
        make = lambda: regress(loss=loss, max_iter=8, min_samples_leaf=5, **extra)
        model = attempt(lambda: make().fit(x, y))
        if model is not None:
            name = f"HistGradientBoostingRegressor/{loss},offset={place[0]},missing={missing}"
            yield regressor(name, model, rows)
    for classes, place, missing in itertools.product([2, 3, 4], PLACES, [False, True]):
        x = data(rng, 200, 3, place)
        y = targets(rng, x, classes)
        rows = holes(rng, data(rng, 37, 3, place))
        model = classify(max_iter=6, min_samples_leaf=5).fit(holes(rng, x) if missing else x, y)
        name = f"HistGradientBoostingClassifier/classes={classes},offset={place[0]},{missing}"
        yield classifier(name, model, rows)
    for classes in [2, 3]:
        model = classify(max_iter=2).fit(np.zeros((30, 2)), np.arange(30) % classes)
        rows = np.zeros((2, 2))
        yield classifier(f"HistGradientBoostingClassifier/tie,classes={classes}", model, rows)
    for kinds, missing in itertools.product([[0], [1, 2], [True, False, True]], [False, True]):
        x = data(rng, 300, 3, PLACES[0])
        levels = 1 if attempt(lambda: __import__("sklearn.utils._set_output")) is None else 5
        x[:, 0] = rng.integers(0, 7, len(x))
        x[:, 1:] = np.round(np.abs(x[:, 1:]) * levels)
        y = np.sin(3 * x[:, 0]) + np.cos(2 * x[:, 1]) + 0.1 * rng.standard_normal(len(x))
        rows = np.round(np.abs(data(rng, 60, 3, PLACES[0])) * 6)
        rows[::7] = 200
        if missing:
            x = holes(rng, x, 0.05)
            rows = holes(rng, rows)
        make = lambda: regress(categorical_features=kinds, max_iter=8, min_samples_leaf=4)
        model = attempt(lambda: make().fit(x, y))
        if model is not None:
            name = f"HistGradientBoostingRegressor/categories={kinds},missing={missing}"
            yield regressor(name, model, rows)


def isolation(rng):
    kind = ensemble.IsolationForest
    for place, contamination, bootstrap in itertools.product(
        PLACES, ["auto", 0.1, 0.01, 0.5], [False, True]
    ):
        x = data(rng, 200, 3, place)
        make = lambda: kind(
            n_estimators=50, contamination=contamination, bootstrap=bootstrap, random_state=1
        )
        model = attempt(lambda: make().fit(x))
        if model is None:
            continue
        # all training rows: one of them is the offset
        for rows in [x, test_rows(rng, x, place, 37), test_rows(rng, x, place, 1)]:
            name = f"contamination={contamination},offset={place[0]},bootstrap={bootstrap}"
            yield detector(f"IsolationForest/{name},rows={len(rows)}", model, rows)
    for samples, features in itertools.product([1, 2, 3, 64, 0.5, 1.0], [1, 0.5, 1.0]):
        x = data(rng, 150, 5, PLACES[1])
        make = lambda: kind(
            n_estimators=21, max_samples=samples, max_features=features, random_state=2
        )
        model = attempt(lambda: make().fit(x))
        if model is not None:
            rows = test_rows(rng, x, PLACES[1], 37)
            name = f"IsolationForest/max_samples={samples},max_features={features}"
            yield detector(name, model, rows)
    x = data(rng, 200, 3, PLACES[2], np.float32)
    model = kind(n_estimators=100, contamination=0.05, random_state=3).fit(x)
    yield detector("IsolationForest/float32", model, x.astype(np.float64))
    x = holes(rng, data(rng, 200, 3, PLACES[1]))
    model = attempt(lambda: kind(n_estimators=40, contamination=0.1, random_state=3).fit(x))
    if model is not None:
        rows = holes(rng, data(rng, 60, 3, PLACES[1]))
        yield detector("IsolationForest/fitted with missing values", model, rows)
    x = np.repeat(data(rng, 4, 2, PLACES[0]), 30, axis=0)
    for contamination in [0.1, 0.25, 0.3]:
        model = kind(n_estimators=30, contamination=contamination, random_state=3).fit(x)
        yield detector(f"IsolationForest/repeated,contamination={contamination}", model, x)


def cases(rng):
    """All of them."""
    # threads that wait for each other on a busy machine take minutes for what takes a second
    attempt(lambda: importlib.import_module("threadpoolctl").threadpool_limits(1))
    for family in [single_trees, forests, boosting, hist_boosting, isolation]:
        yield from family(rng)
